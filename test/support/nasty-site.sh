# Makes a site with every kind of path that hurts. Run with the new site's absolute path and the size of its sparse file in bytes;
# best as root (devices, owners).
# Prints one line for each thing it could not make on this host.
set -u
P=$1
try() { "$@" 2>/dev/null || echo "not made: $*"; }
mkdir -p "$P/etc" "$P/var/run" "$P/odd" && cd "$P" || exit 1
printf 'root=%s\n' "$P" > etc/site.ini

mkdir links special names enc
cd "$P/links"
ln -s "$P/etc/site.ini" inside; ln -s ../etc/site.ini relative; ln -s /etc/passwd outside; ln -s "$P/gone" gone; ln -s nowhere nowhere
ln -s loop-b loop-a; ln -s loop-a loop-b; ln -s self self; ln -s . dot; ln -s .. up; ln -s "$P" root; ln -s "$P-old/x" sibling
ln -s "$(printf 'target\nwith newline')" newline; ln -s 'user@host.123:456' '.#lock'; ln -s "$P/etc/" slash; ln -s ../../../../../../nonexistent escaping
ln -s "$P/links/inside" chain

cd "$P/special"
echo hard > hard1; ln hard1 hard2; ln hard1 ../etc/hard3; ln ../etc/site.ini hard-with-prefix; ln -P ../links/inside hard-symlink
mkfifo fifo
try python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
try mknod null c 1 3; try mknod loop b 7 77
echo "secret $P" > mode000; chmod 000 mode000; echo "ro $P" > mode444; chmod 444 mode444
mkdir dir000; echo "in $P" > dir000/f; chmod 000 dir000; mkdir ro-dir; echo "root=$P" > ro-dir/conf; chmod 555 ro-dir
cp /bin/true setuid; chmod 4755 setuid; printf '#!/bin/sh\n# %s\n' "$P" > setgid.sh; chmod 2755 setgid.sh; mkdir sticky; chmod 1777 sticky
mkdir empty; touch emptyfile
echo x > owned; try chown 12345:54321 owned; try setfattr -n user.origin -v "$P/src" hard1; try setfacl -m u:daemon:r mode444
touch -d '1969-12-31 23:59:00 UTC' before-epoch; touch -d '2999-01-01' future; touch -d '2008-07-21 12:34:56.123456789' nsec
truncate -s "$2" sparse; printf '%s' "$P" | dd of=sparse bs=1 seek="$(($2 / 2))" conv=notrunc status=none

cd "$P/names"
for n in "$(printf 'new\nline')" "$(printf 'lat\355n1-\377')" ' spaces  ' -rf 'back\slash' 'glob*?[x]' "quote'\"\$x\`y" "$(printf 'tab\tbel\a')" "$(printf '%0255d' 1)" 'ünïcode'; do
  printf 'root=%s\n' "$P" > "./$n"
done
echo 1 > Case; echo 2 > case; echo nfd > "$(printf 'u\314\210nicode')"
i=0; while [ $i -lt 18 ]; do n=$(printf '%0200d' $i); mkdir "$n"; cd "$n" || exit 1; i=$((i+1)); done
printf 'root=%s\n' "$P" > deep
cd "$P/names"; mkdir -p ".$P"; echo x > ".$P/in-name"

cd "$P/enc"
printf '%s' "$P" | sed 's:/:\\/:g' > slash.json; printf 'file://%s/x' "$P" > url.txt; printf '%s' "$P" | iconv -t UTF-16LE > utf16.txt; printf '%s' "$P" | iconv -t UTF-32LE > utf32.txt
printf 'a=%s/ b=%s, c=%s; d=%s. e=(%s) f="%s"' "$P" "$P" "$P" "$P" "$P" "$P" > ends.txt
printf '%s-old/x\n%s.bak/x\n%sx/y\n%s_2\n/mnt%s/x\n' "$P" "$P" "$P" "$P" "$P" > neighbours.txt
head -c 3000000 /dev/urandom > blob.bin; printf '%s/in-blob' "$P" | dd of=blob.bin bs=1 seek=1500000 conv=notrunc status=none

#!/bin/sh
# Installs an archive of relocate on a host that has nothing but a POSIX shell and its usual tools:
#
#   tar xzf site.tar.gz -O .relocate/install.sh > install.sh     (of a .tar.zst: zstd -dc site.tar.zst | tar x -O ...)
#   sh install.sh [--python PROGRAM] [--via LINK] [--allow-special] [--ignore-requirements] site.tar.gz /srv/site
#
# or, in a tree that was extracted by hand, fills in the place where it stands:
#
#   sh /srv/site/.relocate/install.sh [--python PROGRAM] [--via LINK]
#
# LINK is a short path that becomes a symlink to the tree: programs without room for a long place name it by that.
#
# Nothing is written before it is known that all paths fit; a run that fails leaves nothing behind. Needs tar and gzip or
# zstd (for an archive), awk, dd, od, and sha256sum or shasum. What render.list means is said in relocate's source, formats/install-lists.ts.
set -eu
LC_ALL=C
export LC_ALL
lists=.relocate

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 2
}

# A word of render.list, turned back; in $word. A newline at its end is kept.
decode() {
  word=
  [ "$1" = - ] || { word=$(printf '%b.' "$1"); word=${word%.}; }
}

# The bytes of a string as decimal numbers.
numbers() {
  printf '%s' "$1" | od -An -v -tu1 | tr '\n' ' '
}

digest() {
  set -- $($sha256 <"$1")
  hex=$1
}

# --- what awk does: writes the place in every escaping, and turns render.list into edits -----------------------------------------

# Input: render.list. Output: `file PATH SIZE MODE`, then `edit START END OCTAL` and `row ...` for it; `need`, `link`, `odd` lines.
planner='
function refuse(why) { print "install.sh: " why > "/dev/stderr"; bad = 1; exit 2 }
function byte(b) { out = out sprintf("\\%03o", b); len++ }
function ascii(s,  i) { for (i = 1; i <= length(s); i++) byte(code[substr(s, i, 1)]) }
function raw(k,  i) { for (i = from[k]; i < from[k + 1]; i++) byte(place[i]) }
function unit(u) { ascii(sprintf("\\u%04x", u)) }
function units(c) {
  if (c < 65536) unit(c)
  else { c -= 65536; unit(55296 + int(c / 1024)); unit(56320 + c % 1024) }
}
function number(n, width, big,  i) {
  if (big) for (i = width - 1; i >= 0; i--) byte(int(n / power[i]) % 256)
  else for (i = 0; i < width; i++) byte(int(n / power[i]) % 256)
}
# Characters of the place: from[k] is where number k begins, char[k] its code point, below 0 for a byte that is not UTF-8.
function characters(n,  i, k, b, more, c, j) {
  k = 0
  for (i = 1; i <= n; i += more + 1) {
    b = place[i]
    more = b < 192 ? 0 : b < 224 ? 1 : b < 240 ? 2 : 3
    c = b < 128 ? b : b < 194 || b > 244 ? -b : b < 224 ? b - 192 : b < 240 ? b - 224 : b - 240
    for (j = 1; j <= more && c >= 0; j++)
      c = i + j > n || place[i + j] < 128 || place[i + j] > 191 ? -b : c * 64 + place[i + j] - 128
    if (c >= 0 && (more == 2 && c < 2048 || c >= 55296 && c < 57344 || more == 3 && (c < 65536 || c > 1114111))) c = -b
    if (c < 0) more = 0
    k++; from[k] = i; char[k] = c
  }
  from[k + 1] = n + 1
  return k
}
function blank(c) {
  return c == 32 || c == 160 || c == 5760 || c >= 8192 && c <= 8202 || c == 8232 || c == 8233 || c == 8239 || c == 8287 || c == 12288 || c == 65279
}
# Writes character k; an escaping that cannot hold it gives a reason.
function put(e, k,  c, s, i, b) {
  c = char[k]
  s = c > 0 && c < 128 ? sprintf("%c", c) : ""
  if (e == "plain") { raw(k); return "" }
  if (e == "json" || e == "json-ascii" || e == "slash" || e == "slash-ascii" || e == "unicode") {
    if (c < 0) unit(56320 - c)
    else if (s == "\"" || s == "\\") ascii("\\" s)
    else if (s == "/" && e ~ /^slash/) ascii("\\/")
    else if (s == "/" && e == "unicode") unit(47)
    else if (c >= 128 && (e ~ /ascii$/ || e == "unicode")) units(c)
    else raw(k)
    return ""
  }
  if (e == "python" || e == "python-ascii") {
    if (c < 0) unit(56320 - c)
    else if (s == "\"" || s == "\\" || s == "\047") ascii("\\" s)
    else if (c >= 128 && e == "python-ascii") ascii(c < 256 ? sprintf("\\x%02x", c) : c < 65536 ? sprintf("\\u%04x", c) : sprintf("\\U%08x", c))
    else raw(k)
    return ""
  }
  if (e == "single-quoted") { if (s == "\\" || s == "\047") ascii("\\"); raw(k); return "" }
  if (e == "quote-doubled") { if (s == "\047") ascii(s); raw(k); return "" }
  if (e == "dollar-doubled") { if (s == "$") ascii(s); raw(k); return "" }
  if (e == "percent-doubled") { if (s == "%") ascii(s); raw(k); return "" }
  if (e == "shell-double") { if (s != "" && index("\\\"$`", s)) ascii("\\"); raw(k); return "" }
  if (e == "shell-single") { if (s == "\047") ascii("\047\"\047\"\047"); else raw(k); return "" }
  if (e == "csh-double") { if (s == "!") ascii("\\!"); else if (s != "" && index("\"$`", s)) ascii("\"\047" s "\047\""); else raw(k); return "" }
  if (e == "shell-bare") { if (s != "" && !index(names "@+=:,./-", s)) ascii("\\"); raw(k); return "" }
  if (e == "percent" || e == "percent-slash" || e == "hex") {
    for (i = from[k]; i < from[k + 1]; i++) {
      b = place[i]
      s = b < 128 ? sprintf("%c", b) : ""
      if (s != "" && index(e == "hex" ? names "./ ,:=+~%-" : e == "percent" ? names ".~/-" : names ".~-", s)) byte(b)
      else ascii(sprintf(e == "hex" ? "\\x%02x" : "%%%02X", b))
    }
    return ""
  }
  if (e == "xml" || e == "xml-slash") {
    if (c < 0) return "it is not UTF-8"
    if (s == "&") ascii("&amp;")
    else if (s == "<") ascii("&lt;")
    else if (s == ">") ascii("&gt;")
    else if (s == "\"") ascii("&quot;")
    else if (s == "\047") ascii("&apos;")
    else if (s == "/" && e == "xml-slash") ascii("&#x2F;")
    else raw(k)
    return ""
  }
  if (e == "literal") { raw(k); return s != "" && index("\047\"\\$`%", s) ? "it has " s " in it" : "" }
  if (e == "word") { raw(k); return blank(c) || s != "" && index("\"\047\\$;{}()<>|&#*?[]`!,%", s) ? "it has a blank or \"" s "\" in it" : "" }
  if (e == "search-path") { raw(k); return s != "" && index(":$", s) ? "it has " s " in it" : "" }
  if (e == "ascii") { raw(k); return c < 0 || c > 127 ? "it is not ASCII" : "" }
  if (e ~ /^utf-(16|32)[lb]e$/) {
    if (c < 0) return "it is not UTF-8"
    if (e ~ /32/) number(c, 4, e ~ /be$/)
    else if (c < 65536) number(c, 2, e ~ /be$/)
    else { c -= 65536; number(55296 + int(c / 1024), 2, e ~ /be$/); number(56320 + c % 1024, 2, e ~ /be$/) }
    return ""
  }
  return "this script does not know how"
}
# The place with a base below it, escaped: octal for printf in out, its bytes in len.
function escape(e, base, root,  n, i, c, s, k, why) {
  if ((e, base, root) in known) { out = known[e, base, root]; len = lengths[e, base, root]; return }
  n = split(root, place, " ")
  if (base != "-") {
    place[++n] = 47
    for (i = 1; i <= length(base); i++) {
      s = substr(base, i, 1)
      if (s != "\\") { place[++n] = code[s]; continue }
      place[++n] = substr(base, i + 2, 1) * 64 + substr(base, i + 3, 1) * 8 + substr(base, i + 4, 1)
      i += 4
    }
  }
  c = characters(n); out = ""; len = 0
  for (k = 1; k <= c; k++) {
    why = put(e, k)
    if (why != "") refuse("the place cannot be written as " e " in " file ": " why)
  }
  known[e, base, root] = out; lengths[e, base, root] = len
}
# A slash in an escaping.
function slash(e) { place[1] = 47; from[1] = 1; from[2] = 2; char[1] = 47; out = ""; len = 0; put(e, 1) }
function octal(decimals,  n, i, p) {
  n = split(decimals, p, " "); out = ""
  for (i = 1; i <= n; i++) out = out sprintf("\\%03o", p[i])
}
function edit(first, last, octals) {
  if (!((file, first, last) in edits)) print "edit", first, last, octals
  edits[file, first, last] = 1
}
BEGIN {
  for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
  power[0] = 1; power[1] = 256; power[2] = 65536; power[3] = 16777216
  names = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
}
NR == 1 && $0 != "relocate 1" { refuse("render.list is of another version of relocate") }
$1 == "root" || $1 == "odd" || $1 == "python" || $1 == "link" || $1 == "row" { print }
$1 == "file" { file = $2; print }
$1 == "site" { escape($4, $5, here); start = $2; end = $3; edit(start, end, out) }
$1 == "slot" {
  escape($4, $5, via == "" ? here : via)
  text = out; room = $6 == "slash" ? $3 - $2 : $7 - $2 - ($7 - $3)
  if (len > room) refuse(via == "" ? "the place needs " len " bytes in " file ", and there is room for " room "; use a shorter one, or a short link to it: --via LINK" : "the link needs " len " bytes in " file ", and there is room for " room "; use a shorter one")
  spare = room - len
  if ($6 == "slash") slash($4); else { out = "\\000"; len = 1 }
  if (spare % len != 0) refuse("the place cannot be padded in " $2 " of " file)
  fill = ""
  for (i = 0; i < spare; i += len) fill = fill out
  if ($6 == "slash") edit($2, $3, text fill)
  else { edit($2, $3, text); if (fill != "") edit($7, $7, fill) }
}
$1 == "count" {
  value = $4 + (len - (end - start)) * $5
  if (value < 0 || value > ($3 == 1 ? 255 : 2147483647)) refuse("the place is too long for a string in " file)
  if ($6 == 1 && out ~ /\\[23]/) refuse("the place is not ASCII, and a string in " file " must be")
  out = ""
  number(value, $3, 0)
  edit($2, $2 + $3, out)
}
$1 == "value" && retarget { octal($4 == "home" ? home : $4 == "program" ? program : prefix); edit($2, $3, out) }
$1 == "seal" { print }
$1 == "end" { ended = 1 }
END { if (!bad && !ended) refuse("render.list ends too early") }
'

# Input: `row DIGEST_START DIGEST_END SIZE_START SIZE_END HEX SIZE`. Output: edits with the digest as a RECORD has it.
recorder='
function bits(n, b) { return int(n / b) }
BEGIN { digits = "0123456789abcdef"; alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" }
{
  n = 0
  for (i = 1; i <= 64; i += 2) b[n++] = (index(digits, substr($6, i, 1)) - 1) * 16 + index(digits, substr($6, i + 1, 1)) - 1
  b[32] = 0
  s = ""
  for (i = 0; i < 33; i += 3) {
    v = b[i] * 65536 + b[i + 1] * 256 + (i + 2 < 33 ? b[i + 2] : 0)
    s = s substr(alphabet, bits(v, 262144) + 1, 1) substr(alphabet, bits(v, 4096) % 64 + 1, 1) substr(alphabet, bits(v, 64) % 64 + 1, 1) substr(alphabet, v % 64 + 1, 1)
  }
  print "edit", $2, $3, "sha256=" substr(s, 1, 43)
  print "edit", $4, $5, $7
}
'

# Input: the edits of one file, in order. Output: the pages of a seal (start, end, page) in which bytes change.
pager='
{
  if (change == 0) first = $2
  change += length($4) / 4 - ($3 - $2)
  if (change != 0) next
  last = $3 > end ? end : $3
  if (first < start) first = start
  for (p = int((first - start) / page); start + p * page < last; p++) if (!seen[p]++) print p
}
'

# Input: a hash as hex. Output: its first `width` bytes in octal.
octals='
BEGIN { digits = "0123456789abcdef" }
{ for (i = 1; i <= 2 * width; i += 2) printf "\\%03o", (index(digits, substr($1, i, 1)) - 1) * 16 + index(digits, substr($1, i + 1, 1)) - 1 }
'

# --- rendering, in the root of the tree ------------------------------------------------------------------------------------------

# Copies $1 bytes from where descriptor 3 stands.
keep() {
  if [ "$1" -ge 1048576 ]; then dd bs=1048576 count=$(($1 / 1048576)) <&3 2>/dev/null; fi
  if [ $(($1 % 1048576)) -gt 0 ]; then dd bs=$(($1 % 1048576)) count=1 <&3 2>/dev/null; fi
}

# The bytes of file $1 with the edits of list $2 (sorted).
spliced() {
  exec 3<"$1"
  at=0
  while read -r _ start end octal; do
    keep $((start - at))
    keep $((end - start)) >/dev/null
    printf "$octal"
    at=$end
  done <"$2"
  cat <&3
  exec 3<&-
}

# What computes a hash that a seal asks for.
hasher() {
  case $sha256 in sha256sum) printf '%ssum' "$1" ;; *) printf 'shasum -a %s' "${1#sha}" ;; esac
}

# The bytes of $work/new from $1 on, $2 of them.
piece() {
  exec 3<"$work/new"
  keep "$1" >/dev/null
  keep "$2"
  exec 3<&-
}

# Makes the hashes of $work/new that follow an edit anew; all others are right in an archive.
renew_seals() {
  while read -r _ start end page at hash width; do
    awk -v start="$start" -v end="$end" -v page="$page" "$pager" "$work/sorted" >"$work/pages"
    while read -r number; do
      from=$((start + number * page))
      length=$((end - from))
      [ "$length" -le "$page" ] || length=$page
      octal=$(piece "$from" "$length" | $(hasher "$hash") | awk -v width="$width" "$octals")
      printf "$octal" | dd bs=1 seek=$((at + number * width)) conv=notrunc of="$work/new" 2>/dev/null
    done <"$work/pages"
  done <"$work/seals"
}

# Renders one file in place: its inode, its other names, its time and its mode stay. $1 path, $2 size, $3 mode.
render() {
  [ -s "$work/rows" ] && record_rows
  sort -n -k2,2 -k3,3 "$work/edits" >"$work/sorted"
  spliced "./$1" "$work/sorted" >"$work/new"
  renew_seals
  touch -r "./$1" "$work/time"
  [ -w "./$1" ] || chmod u+w "./$1"
  cat "$work/new" >"./$1"
  touch -r "$work/time" "./$1"
  chmod "$3" "./$1"
  digest "./$1"
  printf '%s %s\n' "$hex" "$current" >>"$work/rendered"
}

record_rows() {
  while read -r _ a b c d path; do
    decode "$path"
    digest "./$word"
    size=$(wc -c <"./$word")
    printf 'row %s %s %s %s %s %s\n' "$a" "$b" "$c" "$d" "$hex" "$((size))"
  done <"$work/rows" | awk "$recorder" >>"$work/edits"
}

# Renders the file that was gathered last, if there is one.
flush() {
  [ -n "$current" ] || return 0
  decode "$current"
  render "$word" "$size_was" "$mode"
  current=
}

# Checks every file against the lists; reads nothing that it has not checked before.
check_digests() {
  $sha256 -c $lists/digests.list >"$work/sums" 2>&1 || {
    grep -v ': OK$' "$work/sums" | head -n 5 >&2
    fail 'files are missing or not as they were packed; nothing was changed'
  }
  while read -r kind hash path; do
    [ "$kind" = odd ] || continue
    decode "$path"
    [ -f "./$word" ] || fail "$path is missing; this host's tar may not know long names"
    digest "./$word"
    [ "$hex" = "$hash" ] || fail "$path is not as it was packed"
  done <$lists/render.list
}

# Checks that this host is one for which the native code of the tree is made.
check_host() {
  while read -r kind platform arch libc version example; do
    [ "$kind" = host ] && [ -z "$anywhere" ] || continue
    case $(uname -s) in Linux) is=linux ;; Darwin) is=darwin ;; FreeBSD) is=freebsd ;; *) is=$platform ;; esac
    case $(uname -m) in
      x86_64 | amd64) may='x64 ia32 x32' ;;
      i?86) may=ia32 ;;
      aarch64 | arm64) may='arm64 arm' ;;
      arm*) may=arm ;;
      ppc64le) may=ppc64 ;;
      loongarch64) may=loong64 ;;
      s390x | riscv64) may=$(uname -m) ;;
      *) may=$arch ;;
    esac
    case " $is $may " in
      " $platform $arch "* | " $platform "*" $arch "*) ;;
      *) [ "$arch" = - ] && [ "$is" = "$platform" ] || unfit "the tree holds programs for $platform $arch, and this is $is $(uname -m)" ;;
    esac
    libc_here
    case $libc in glibc | musl) [ -z "$family" ] || [ "$family" = "$libc" ] || unfit "the tree holds programs for $libc, and this host has $family" ;; esac
    [ "$libc" != glibc ] || [ "$version" = - ] || [ -z "$number" ] || awk -v need="$version" -v have="$number" 'BEGIN {
      n = split(need, a, "."); split(have, b, ".")
      for (i = 1; i <= n; i++) if (a[i] + 0 != b[i] + 0) exit a[i] + 0 > b[i] + 0
    }' || unfit "$example needs glibc $version, and this host has glibc $number"
  done <$lists/render.list
}

unfit() {
  fail "$1; --ignore-requirements installs it all the same; nothing was changed"
}

# The C library of this host, as far as it says: $family and $number.
libc_here() {
  family=
  number=
  said=$(getconf GNU_LIBC_VERSION 2>/dev/null) || said=$(ldd --version 2>&1 | head -n 1) || :
  case $said in
    *musl*) family=musl ;;
    *[Gg][Ll][Ii][Bb][Cc]*[0-9].[0-9]*) family=glibc number=${said##* } ;;
  esac
  case $number in *[!0-9.]*) number= ;; esac
}

# Checks the Pythons outside the tree, or the one that takes their place.
check_python() {
  program=$python
  home=${python%/*}
  prefix=
  while read -r kind found version rest; do
    [ "$kind" = python ] || continue
    decode "$found"
    [ -n "$python" ] || program=$word
    [ -x "$program" ] || fail "the tree needs Python $version at $word, which is not there; give another one by --python PROGRAM"
    is=$("$program" -E -s -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "$program does not run"
    case $version in "$is" | "$is".*) ;; *) fail "the tree needs Python $version, and $program is $is; give another one by --python PROGRAM" ;; esac
    prefix=$("$program" -E -s -c 'import sys; print(getattr(sys, "base_prefix", sys.prefix))')
  done <$lists/render.list
}

# JSON with the place and the link in it, by which relocate knows the tree when it is moved again.
remember() {
  printf 'relocate 1\nfile tree.json 0 0\nsite 0 0 json -\nend\n' >"$work/json"
  {
    printf '{\n  "version": 1,\n  "prefixes": [\n    {\n      "path": "'
    written "$here"
    if [ -n "$via" ]; then
      printf '",\n      "base": ""\n    },\n    {\n      "path": "'
      written "$(numbers "$via")"
    fi
    printf '",\n      "base": ""\n    }\n  ]'
    if [ -n "$via" ]; then
      printf ',\n  "via": "'
      written "$(numbers "$via")"
      printf '"'
    fi
    printf '\n}\n'
  } >$lists/tree.json
}

# A path in the way of JSON.
written() {
  awk -v here="$1" "$planner" "$work/json" | while read -r kind _ _ octal; do
    [ "$kind" != edit ] || printf "$octal"
  done
}

# Looks at what stands at the link before anything is written. $made is set where it is still to be made.
check_link() {
  made=
  [ -n "$via" ] || return 0
  [ "${via%/*}" != '' ] || fail "the link $via has one name only, which may mean other things in a text; give it two, as in /o$via"
  [ -d "${via%/*}" ] && [ -w "${via%/*}" ] || fail "the link $via can't be made: the folder ${via%/*} is not there, or can't be written to"
  real=$(cd "${via%/*}" && pwd -P && printf .) || exit 2
  real=${real%??}/${via##*/}
  case "$via/ $real/" in "$1"/* | *" $1"/*) fail "the link $via lies in the tree; choose one outside of it" ;; esac
  case "$1/" in "$via"/* | "$real"/*) fail "the place $1 lies in the link $via; choose another link" ;; esac
  if [ -L "$via" ]; then
    [ "$via" -ef "$1" ] || [ "$(ls -l "$via" | sed 's/.* -> //')" = "$1" ] || fail "the link $via leads elsewhere already; nothing was changed"
  elif [ -e "$via" ]; then
    fail "the link $via is something else already; nothing was changed"
  else
    made=1
  fi
}

make_link() {
  [ -z "$made" ] || ln -s "$1" "$via"
}

# Checks that this host can renew what is sealed.
check_seals() {
  while read -r kind _ _ _ _ hash _; do
    [ "$kind" = seal ] || continue
    set -- $(hasher "$hash")
    command -v "$1" >/dev/null 2>&1 || fail "the tree holds signed programs, and this host has no ${hash}sum to sign them again; install with relocate"
  done <$lists/render.list
}

# Fills in the place $1. The working directory is the root of the tree.
fill_in() {
  [ -f $lists/render.list ] || fail 'this is no tree of relocate: .relocate/render.list is missing'
  [ ! -f $lists/rendered.list ] || fail 'a place was filled in already; `relocate fix` moves the tree on'
  here=$(numbers "$1")
  check_host
  check_link "$1"
  check_digests
  check_python
  check_seals
  retarget=
  [ -z "$python" ] || retarget=1
  awk -v here="$here" -v via="$(numbers "$via")" -v retarget="$retarget" -v home="$(numbers "$home")" -v program="$(numbers "$program")" -v prefix="$(numbers "$prefix")" \
    "$planner" $lists/render.list >"$work/plan" || exit 2
  : >"$work/rendered"
  current=
  root_mode=
  while read -r kind a b c d e f; do
    case $kind in
      root) root_mode=$a ;;
      file) flush; current=$a size_was=$b mode=$c; : >"$work/edits"; : >"$work/rows"; : >"$work/seals" ;;
      edit) printf 'edit %s %s %s\n' "$a" "$b" "$c" >>"$work/edits" ;;
      seal) printf 'seal %s %s %s %s %s %s\n' "$a" "$b" "$c" "$d" "$e" "$f" >>"$work/seals" ;;
      row) printf 'row %s %s %s %s %s\n' "$a" "$b" "$c" "$d" "$e" >>"$work/rows" ;;
      link) [ -z "$python" ] || { decode "$a"; rm -f "./$word"; ln -s "$python" "./$word"; } ;;
    esac
  done <"$work/plan"
  flush
  remember
  mv "$work/rendered" $lists/rendered.list
}

# --- the two ways to be called ---------------------------------------------------------------------------------------------------

extract() {
  case $(od -An -tx1 -N4 "$1" | tr -d ' \n') in
    28b52ffd)
      command -v zstd >/dev/null 2>&1 ||
        fail "$1 is compressed with zstd, which is not here; install that, or pack a .tar.gz"
      { zstd -dcq <"$1" || : >"$stage/damaged"; } | tar -xpf - -C "$stage/tree"
      ;;
    1f8b*) { gzip -dc <"$1" || : >"$stage/damaged"; } | tar -xpf - -C "$stage/tree" ;;
    *) tar -xpf - -C "$stage/tree" <"$1" ;;
  esac || fail "$1 can't be extracted; nothing was installed"
  [ ! -f "$stage/damaged" ] || fail "$1 is damaged; nothing was installed"
}

install_archive() {
  [ -f "$1" ] || fail "there is no archive $1"
  case $1 in /*) archive=$1 ;; *) archive=$PWD/$1 ;; esac
  case $2 in /*) place=$2 ;; *) place=$PWD/$2 ;; esac
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  name=${place##*/}
  case $name in '' | . | ..) fail "$2 is no place for a tree" ;; esac
  parent=$(cd "${place%/*}/" 2>/dev/null && pwd && printf .) || fail "the folder ${place%/*} is not there; make it first"
  parent=${parent%??}
  place=${parent%/}/$name
  plain_place
  if [ -e "$place" ] || [ -L "$place" ]; then
    [ -d "$place" ] && [ ! -L "$place" ] && [ -z "$(ls -A "$place")" ] || fail "$place holds something already; nothing was changed"
  fi
  stage=${parent%/}/.$name.relocate-sh$$.new
  trap 'cd /; chmod -R u+rwx "$stage" 2>/dev/null; rm -rf "$stage"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -m 700 "$stage"
  mkdir "$stage/tree"
  work=$stage
  extract "$archive"
  cd "$stage/tree"
  [ -n "$special" ] || plain_powers
  fill_in "$place"
  chmod "${root_mode:-755}" .
  cd "$parent"
  [ ! -d "$place" ] || rmdir "$place"
  make_link "$place"
  mv "$stage/tree" "$place" || { [ -z "$made" ] || rm -f "$via"; exit 2; }
  printf 'installed at %s\n' "$place"
}

render_here() {
  cd "$(dirname "$0")/.." || fail 'the tree can not be entered'
  place=$PWD
  plain_place
  work=$place/.relocate/work.$$
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -m 700 "$work"
  fill_in "$place"
  make_link "$place"
  printf 'filled in %s\n' "$place"
}

# Setuid and setgid programs and device nodes, which an archive from elsewhere should not bring unasked.
plain_powers() {
  powers=$(find . \( -type f \( -perm -4000 -o -perm -2000 \) \) -o -type b -o -type c | head -n 3)
  [ -z "$powers" ] || fail "the archive holds setuid or setgid programs or devices ($(printf '%s' "$powers" | tr '\n' ' ')); --allow-special installs them; nothing was installed"
}

plain_place() {
  case $place in *[[:cntrl:]]*) fail 'the place has a control character in its name, which only relocate itself can write' ;; esac
}

python=
via=
special=
anywhere=
while :; do
  case ${1-} in
    --python) [ $# -ge 2 ] || fail '--python needs a program'; python=$2; shift 2 ;;
    --python=*) python=${1#--python=}; shift ;;
    --via) [ $# -ge 2 ] || fail '--via needs a path'; via=$2; shift 2 ;;
    --via=*) via=${1#--via=}; shift ;;
    --allow-special) special=1; shift ;;
    --ignore-requirements) anywhere=1; shift ;;
    *) break ;;
  esac
done
if [ -n "$via" ]; then
  case $via in /*) ;; *) via=$PWD/$via ;; esac
  while [ "${via%/}" != "$via" ]; do via=${via%/}; done
  case $via in *[[:cntrl:]]* | *//* | */./* | */../* | */. | */..) fail "$via is no plain path for a link" ;; esac
fi
if [ -n "$python" ]; then
  case $python in /*) ;; *) python=$PWD/$python ;; esac
  case $python in *[[:cntrl:]]*) fail 'the program has a control character in its name' ;; esac
fi
if command -v sha256sum >/dev/null 2>&1; then sha256=sha256sum; elif command -v shasum >/dev/null 2>&1; then sha256='shasum -a 256'; else fail 'there is neither sha256sum nor shasum'; fi
case $# in
  0) case $0 in .relocate/install.sh | */.relocate/install.sh) render_here ;; *) fail 'usage: sh install.sh [--python PROGRAM] [--via LINK] [--allow-special] [--ignore-requirements] ARCHIVE DESTINATION' ;; esac ;;
  2) install_archive "$1" "$2" ;;
  *) fail 'usage: sh install.sh [--python PROGRAM] [--via LINK] [--allow-special] [--ignore-requirements] ARCHIVE DESTINATION' ;;
esac

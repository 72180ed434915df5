#!/bin/sh
# Makes the Mach-O trees of the tests with LLVM: sh build.sh FOLDER PREFIX lays out in FOLDER what a build at PREFIX would have. Needs
# clang, ld64.lld, llvm-lipo (Debian: clang lld llvm). Without arguments it makes the archives beside it anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tool() { for name in "$1" "$1-19" "$1-16" "$1-14"; do if command -v "$name" >/dev/null; then printf '%s' "$name"; return; fi; done; echo "there is no $1" >&2; exit 1; }
ld=$(tool ld64.lld)
lipo=$(tool llvm-lipo)

if [ $# -eq 0 ]; then
  work=$(mktemp -d)
  for prefix in /srv/build/site /p/s; do
    sh "$0" "$work/tree" "$prefix"
    name=$(printf '%s' "$prefix" | tr / -)
    tar -C "$work/tree" --sort=name --owner=0 --group=0 --mtime=@1700000000 -cf - . | gzip -9n >"$here/site$name.tar.gz"
    rm -rf "$work/tree"
  done
  rm -rf "$work"
  exit
fi

out=$1
prefix=$2
mkdir -p "$out/lib/plugins/deep/down" "$out/bin" "$out/share"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/libSystem.tbd" <<'TBD'
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/libSystem.B.dylib'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _puts, dyld_stub_binder ]
...
TBD
cat >"$work/greet.c" <<C
extern int puts(const char *);
const char *greet_data = "$prefix/share/greet.txt";
int greet(void) { return puts(greet_data); }
C
cat >"$work/second.c" <<'C'
extern int greet(void);
int second(void) { return greet(); }
C
cat >"$work/main.c" <<'C'
extern int second(void);
int main(void) { return second(); }
C
for arch in arm64 x86_64; do
  mkdir "$work/$arch"
  for source in greet second main; do
    clang -target "$arch-apple-macos11" -O1 -fno-unwind-tables -c "$work/$source.c" -o "$work/$arch/$source.o"
  done
  # $1 what is linked, then the options of the linker
  link() {
    target=$1
    shift
    "$ld" -arch "$arch" -platform_version macos 11.0 11.0 -adhoc_codesign -o "$work/$arch/$target" "$@" "$work/libSystem.tbd"
  }
  link greet -dylib -install_name "$prefix/lib/libgreet.1.dylib" "$work/$arch/greet.o"
  link second -dylib -install_name "$prefix/lib/libsecond.dylib" -headerpad_max_install_names "$work/$arch/second.o" "$work/$arch/greet"
  link plugin -bundle -headerpad_max_install_names "$work/$arch/second.o" "$work/$arch/greet"
  link hello -headerpad 0x100 -rpath "$prefix/lib" -rpath "$prefix/lib/plugins" -rpath /opt/elsewhere/lib "$work/$arch/main.o" "$work/$arch/second" "$work/$arch/greet"
  link tight -headerpad 0 -rpath "$prefix/lib" "$work/$arch/main.o" "$work/$arch/second"
done
both() { "$lipo" -create "$work/arm64/$1" "$work/x86_64/$1" -output "$2"; }
both greet "$out/lib/libgreet.1.dylib"
ln -s libgreet.1.dylib "$out/lib/libgreet.dylib"
cp "$work/arm64/second" "$out/lib/libsecond.dylib"
cp "$work/x86_64/plugin" "$out/lib/plugins/deep/down/plugin.so"
cp "$work/arm64/hello" "$out/bin/hello"
cp "$work/x86_64/tight" "$out/bin/tight"
echo hello >"$out/share/greet.txt"

/** A root with nothing in it but the C library, a POSIX shell and small tools, made from this host's files, and programs run in it. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run, type Ran } from './cli.ts';

/** GNU coreutils and what install.sh asks for. */
const TOOLS = (
  'sh tar gzip sed awk dd od sha256sum cat cp mv rm rmdir mkdir mktemp chmod chown ln ls cut tr sort head tail wc touch ' +
  'find dirname basename readlink realpath test expr env id uname df stat cmp xargs date sync true false grep tee printf'
).split(' ');

/** What of the platform programs load by name alone, or name where the C library still has it in a file of its own. */
const PLATFORM = [
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'libpthread.so.0',
  'librt.so.1',
  'libutil.so.1',
  'libresolv.so.2',
];

/** Why such a root can't be made or entered here; null where it can. */
export function whyNoBareRoot(): string | null {
  const tried = run('unshare', ['-m', 'chroot', '/', 'true']);
  return tried.status === 0 ? null : `a root of its own can't be entered here: ${tried.stderr.trim()}`;
}

/** Makes the root in a folder; its path. */
export function makeBareRoot(folder: string): string {
  const root = join(folder, 'bare-root');
  for (const name of ['bin', 'usr/bin', 'proc', 'tmp', 'srv', 'dev']) mkdirSync(join(root, name), { recursive: true });
  const libraries = new Set<string>();
  for (const tool of TOOLS) {
    const program = ['/usr/bin', '/bin'].map((place) => join(place, tool)).find((place) => existsSync(place));
    if (program === undefined) continue;
    // by its own name: busybox and the like go by it
    copyFileSync(realpathSync(program), join(root, 'usr/bin', tool));
    for (const library of librariesOf(program)) libraries.add(library);
  }
  copyFileSync(realpathSync('/bin/sh'), join(root, 'bin/sh'));
  const libc = [...libraries].find((path) => basename(path).startsWith('libc.so'));
  for (const name of PLATFORM) if (libc !== undefined) libraries.add(join(dirname(libc), name));
  for (const path of libraries) {
    if (!existsSync(path)) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  return root;
}

/** The libraries and the loader that a program uses, by ldd(1); none of a script. */
function librariesOf(program: string): string[] {
  if (readFileSync(program).readUInt32BE(0) !== 0x7f454c46) return [];
  return [...run('ldd', [program]).stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
}

/** Runs a program in the root, where `/proc` is mounted as on every host, and nothing of this host's environment is left. */
export function runIn(root: string, command: readonly string[]): Ran {
  const enter = 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"';
  return run('unshare', ['-m', 'sh', '-c', enter, root, ...command], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
}

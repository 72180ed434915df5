/** What a site must do in a root where no Python is: run its console scripts, and import what needs shared libraries of its base. */
import { join } from 'node:path';
import { runOk } from './cli.ts';
import { runIn } from './bare-root.ts';

/** Modules of the standard library in C that stand on a library of the host each. */
const IMPORTS = 'ssl, sqlite3, zlib, ctypes, bz2, lzma, hashlib, decimal, socket, json, uuid, curses, readline';

const WHERE = `
import ${IMPORTS}, os, sys, sysconfig
sqlite3.connect(':memory:').execute('select 1')
ssl.create_default_context()
# before 3.11 the base is named by way of the link: env/bin/../../.python/3.8.18
places = sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, sysconfig.get_path('stdlib'), ctypes.__file__
print(*map(os.path.normpath, places), sep='\\n')
`;

/** Where the Python of an environment in the root finds itself; fails with what it said where it does not run. */
export function whereItIs(root: string, env: string): string[] {
  return saidIn(root, [join(env, 'bin/python'), '-W', 'ignore', '-c', WHERE])
    .trim()
    .split('\n');
}

/** What it should say of an environment `env` of the tree `site`. */
export function whereItShouldBe(site: string, env: string, python: string, version: string): string[] {
  const base = `${site}/${python}`;
  const stdlib = `${base}/lib/python${version}`;
  return [env, base, env, base, stdlib, `${stdlib}/ctypes/__init__.py`];
}

/** What a program prints in the root. */
export function saidIn(root: string, command: readonly string[]): string {
  const ran = runIn(root, command);
  if (ran.status !== 0) throw new Error(`${command.join(' ')} exited with ${ran.status}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

/** Brings an archive into the root and installs it there by its own install.sh. */
export function installIn(root: string, archive: string, place: string): void {
  runOk('cp', [archive, join(root, 'tmp/site.tar.gz')]);
  const install = 'cd /tmp && tar xzf site.tar.gz .relocate/install.sh && sh .relocate/install.sh site.tar.gz "$0"';
  saidIn(root, ['sh', '-c', install, place]);
}

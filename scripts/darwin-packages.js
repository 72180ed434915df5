// Fetches some npm packages with programs for macOS, once, into a folder that the tests then use without a network: real Mach-O files of
// several compilers and linkers. Prints the folder. Exits 1 with a sentence where it can't; the tests that need it are skipped then.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['@rollup/rollup-darwin-arm64@4.34.0', '@parcel/watcher-darwin-x64@2.5.1', 'fsevents@2.3.3'];

const target = fileURLToPath(new URL('../node_modules/.cache/relocate-darwin-packages', import.meta.url));
if (!existsSync(target)) {
  const staging = `${target}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  const run = (program, args) =>
    spawnSync(program, args, { cwd: staging, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  const unpack = (name) => {
    const folder = join(staging, name.replace(/^(.*)-[0-9.]+\.tgz$/, '$1'));
    mkdirSync(folder);
    return run('tar', ['-xzf', name, '--strip-components=1', '-C', folder]);
  };
  const archives = () => readdirSync(staging).filter((name) => name.endsWith('.tgz'));
  const isFetched = run('npm', ['pack', '--silent', ...PACKAGES]) && archives().every(unpack);
  if (isFetched) {
    for (const name of archives()) rmSync(join(staging, name));
    renameSync(staging, target);
  } else {
    rmSync(staging, { recursive: true, force: true });
    console.error(
      `darwin-packages: npm could not fetch ${PACKAGES.join(', ')}; the tests of real Mach-O files need them`,
    );
    process.exit(1);
  }
}
console.log(target);

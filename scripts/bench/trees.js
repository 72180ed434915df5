// The smaller trees of the benchmark: what is in a tree, installed Pythons, and small files made from them for questions of growth.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { breathe } from './run.js';

/** Files and bytes below a folder. */
export function measureTree(folder) {
  const names = [...entriesOf(folder)].filter(({ entry }) => entry.isFile()).map(({ path }) => path);
  return { files: names.length, bytes: names.reduce((sum, name) => sum + statSync(name).size, 0), names };
}

/** All that is below a folder, by its full path. Links are not followed (`recursive` of readdir does, in some versions of Node). */
export function* entriesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    yield { path, entry };
    if (entry.isDirectory()) yield* entriesOf(path);
  }
}

/** Folders with an installed Python each: pyenv's, newest first, else the one that runs here. */
export function pythons() {
  const versions = join(process.env.PYENV_ROOT ?? `${process.env.HOME}/.pyenv`, 'versions');
  if (existsSync(versions)) {
    const newestFirst = (a, b) => b.localeCompare(a, 'en', { numeric: true });
    return readdirSync(versions)
      .filter((name) => /^\d/.test(name))
      .sort(newestFirst)
      .map((name) => join(versions, name));
  }
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.base_prefix)'], { encoding: 'utf8' });
  const prefix = stdout.trim();
  return prefix === '/usr' ? ['/usr/lib/python3', '/usr/share'] : [prefix];
}

const HEAD = 2048;
const FOLDER = 200;

/** A tree of so many small files; of a share of them (0 to 1) each holds one line with the path. */
export async function makeSmallFiles(folder, count, share, path) {
  const sources = [];
  for (const python of pythons()) {
    if (sources.length >= 2000) break;
    sources.push(...measureTree(python).names.filter((name) => /\.(?:py|h|txt)$/.test(name)));
  }
  const texts = sources.slice(0, 2000).map((name) => readFileSync(name).subarray(0, HEAD));
  const line = Buffer.from(`\nroot = "${path}/etc/x.conf"\n`);
  const every = share === 0 ? Infinity : Math.round(1 / share);
  for (let i = 0; i < count; i++) {
    const place = join(folder, String(Math.floor(i / FOLDER / FOLDER)), String(Math.floor(i / FOLDER) % FOLDER));
    if (i % FOLDER === 0) {
      mkdirSync(place, { recursive: true });
      await breathe();
    }
    const text = texts[i % texts.length];
    writeFileSync(join(place, `file-${i}.txt`), i % every === 0 ? Buffer.concat([text, line]) : text);
  }
}

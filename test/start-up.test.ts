/** How much a process loads before it can work: each module takes half a millisecond or more, so a new one must be worth it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RELOCATE, run } from './support/cli.ts';

const PROJECT = new URL('..', import.meta.url).href;

/** The files that a run of the built program loads, as the engine's own record of what it ran tells. */
function loadedBy(...words: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'relocate-start-'));
  try {
    // a flag with which the build did not run: of code that it compiled the engine records only what it happens to compile again
    const { stderr } = run(process.execPath, ['--no-flush-bytecode', RELOCATE, ...words], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
    });
    expect(stderr).toBe('');
    const loaded = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
      return result.map(({ url }) => url).filter((url) => url.startsWith(PROJECT));
    });
    return [...new Set(loaded)].map((url) => url.slice(PROJECT.length)).sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files of the bundle that a run compiled anew, though the build keeps compiled code. */
function compiledBy(...words: string[]): string[] {
  const program = `
    process.argv = [process.execPath, ${JSON.stringify([RELOCATE, ...words]).slice(1, -1)}];
    require(${JSON.stringify(RELOCATE)});
    const { scripts } = require(${JSON.stringify(RELOCATE.replace(/relocate\.js$/, 'load.js'))});
    process.on('exit', () => {
      const compiled = [...scripts].filter(([, script]) => script.cachedDataRejected !== false);
      process.stderr.write(JSON.stringify({ count: scripts.size, compiled: compiled.map(([path]) => path) }));
    });`;
  const { stderr } = run(process.execPath, ['--eval', program]);
  const { count, compiled } = JSON.parse(stderr) as { count: number; compiled: string[] };
  expect(count).toBeGreaterThan(1);
  return compiled;
}

describe('what is loaded', () => {
  it('is not compiled again by the version of Node that built', () => {
    const tree = mkdtempSync(join(tmpdir(), 'relocate-start-tree-'));
    expect(compiledBy('--version')).toEqual([]);
    expect(compiledBy('scan', tree)).toEqual([]);
    expect(compiledBy('scan', tree, '--format=json')).toEqual([]);
    rmSync(tree, { recursive: true });
  });

  it('by --version is the program alone', () => {
    expect(loadedBy('--version')).toEqual([
      'bin/load.js',
      'bin/relocate.js',
      'bundle/cli/main.js',
      'bundle/io/part-base.js',
    ]);
  });

  it('by a scan is the bundle, without what writes, and no package besides', () => {
    const tree = mkdtempSync(join(tmpdir(), 'relocate-start-tree-'));
    const loaded = loadedBy('scan', tree);
    rmSync(tree, { recursive: true });
    expect(loaded.filter((path) => path.startsWith('node_modules/'))).toEqual([]);
    expect(loaded).not.toContain('bundle/io/library.js');
    expect(loaded).not.toContain('bundle/cli/layout.cjs');
    expect(loaded).not.toContain('bundle/io/part-parser.js');
    expect(loaded.length, loaded.join('\n')).toBeLessThanOrEqual(9);
  });

  it('later, of packages, is not told of', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relocate-start-'));
    mkdirSync(join(folder, 'tree'));
    writeFileSync(join(folder, 'tree/file'), 'a file\n');
    // zstd is a package of modules where Node has none
    const packed = run(process.execPath, [RELOCATE, 'pack', join(folder, 'tree'), '-o', join(folder, 'tree.tar.zst')]);
    expect({ status: packed.status, stderr: packed.stderr }).toEqual({ status: 0, stderr: '' });
    rmSync(folder, { recursive: true });
  });

  it('by help is what lays it out, and no stage', () => {
    const loaded = loadedBy('scan', '--help');
    expect(loaded).toContain('bundle/cli/layout.cjs');
    expect(loaded).not.toContain('bundle/io/library.js');
  });
});

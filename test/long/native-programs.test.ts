/** Programs of other languages, and programs that carry their files, made by the real tools: what is said of them, and that they run on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../../src/model/path.ts';
import type { Reference } from '../../src/model/reference.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { temporaryFolder, writeTree } from '../support/folder.ts';
import { has, run } from '../support/moved-tree.ts';

const NEW = '/n/w';

/** Fixes the tree for another place; gives the references of one file. */
async function fixed(root: string, file: string, unsafe: boolean): Promise<readonly Reference[]> {
  const found = await scan(root, { jobs: 1 });
  await apply(plan(found, { to: asAbsolutePath(NEW), unsafe }));
  return found.references.filter((reference) => reference.file === file);
}

const read = (text: string): string => text.replaceAll(/\/{2,}/g, '/');
const notes = (references: readonly Reference[]): string => references.map(({ note }) => note).join('\n');

describe.skipIf(!has('go', 'version'))('a Go program', () => {
  test('says how to build it anew, and takes a path that is not longer when asked', async () => {
    const root = temporaryFolder();
    const source = `package main\n\nimport "fmt"\n\nvar prefix = "unset"\n\nconst data = "${root}/share"\n\nfunc main() { fmt.Println(prefix, data, len(data)) }\n`;
    writeTree(root, { 'src/main.go': source, 'src/go.mod': 'module x\n\ngo 1.21\n' });
    execFileSync('go', ['build', '-ldflags', `-X main.prefix=${root}`, '-o', '../bin/x', '.'], {
      cwd: join(root, 'src'),
      env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    });
    const program = join(root, 'bin/x');
    const before = run(program, []);
    const references = await fixed(root, 'bin/x', false);
    expect(notes(references)).toContain('-trimpath');
    expect(notes(references)).toContain('.gopclntab');
    // what -X sets has its NUL, as a C string has; what is a constant stands among others as a rule
    expect(read(run(program, []))).toMatch(/^\/n\/w\/? .*\/share \d+$/);
    await fixed(root, 'bin/x', true);
    expect(read(run(program, [])).replace('/ ', ' ')).toBe(before.replaceAll(root, NEW));
  });
});

describe.skipIf(!has('rustc'))('a Rust program', () => {
  test('says how to build it anew, and takes a path that is not longer when asked', async () => {
    const root = temporaryFolder();
    const source = `const DATA: &str = concat!(env!("PREFIX"), "/share");\nfn main() {\n    println!("{} {}", DATA, DATA.len());\n}\n`;
    writeTree(root, { 'src/main.rs': source });
    mkdirSync(join(root, 'bin'));
    execFileSync('rustc', ['-O', '-o', join(root, 'bin/x'), join(root, 'src/main.rs')], {
      env: { ...process.env, PREFIX: root },
    });
    const program = join(root, 'bin/x');
    const before = run(program, []);
    expect(notes(await fixed(root, 'bin/x', false))).toContain('--remap-path-prefix');
    expect(run(program, [])).toBe(before);
    await fixed(root, 'bin/x', true);
    expect(read(run(program, []))).toBe(before.replaceAll(root, NEW));
  });
});

describe.skipIf(!has('pyinstaller'))('a PyInstaller program', () => {
  test('runs on, whatever is fixed', async () => {
    const root = temporaryFolder();
    writeTree(root, { 'src/x.py': `print(${JSON.stringify(root)})\n` });
    const folders = ['--distpath', join(root, 'bin'), '--workpath', join(root, 'w'), '--specpath', join(root, 'w')];
    execFileSync('pyinstaller', ['-F', ...folders, join(root, 'src/x.py')], { stdio: 'ignore' });
    const before = run(join(root, 'bin/x'), []);
    await fixed(root, 'bin/x', true);
    expect(run(join(root, 'bin/x'), [])).toBe(before);
  });
});

describe.skipIf(!has('makeself', '--version'))('a script that an archive follows', () => {
  test('is left, and takes a path that is not longer when asked', async () => {
    const root = temporaryFolder();
    writeTree(root, { 'parts/run.sh': 'echo ran\n' });
    mkdirSync(join(root, 'bin'));
    const parts = [join(root, 'parts'), join(root, 'bin/x.run'), `from ${root}`, 'sh', './run.sh'];
    execFileSync('makeself', ['--nocomp', ...parts], { stdio: 'ignore' });
    const references = await fixed(root, 'bin/x.run', false);
    expect(new Set(references.map(({ code, fix }) => `${code} ${fix}`))).toEqual(new Set(['RL410 blocked']));
    expect(run('sh', [join(root, 'bin/x.run'), '--quiet'])).toContain('ran');
    await fixed(root, 'bin/x.run', true);
    expect(run('sh', [join(root, 'bin/x.run'), '--quiet'])).toContain('ran');
  });
});

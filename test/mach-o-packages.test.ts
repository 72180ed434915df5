/** Modules for macOS as npm packages hold them, made by Apple's linker from C, C++ and Rust: scripts/darwin-packages.js fetches them. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../src/model/path.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { undo } from '../src/stages/undo.ts';
import { temporaryFolder } from './support/folder.ts';
import { check, isSignedRight, pathsOf } from './support/macho.ts';

const PACKAGES = fileURLToPath(new URL('../node_modules/.cache/relocate-darwin-packages', import.meta.url));
const ROLLUP = 'rollup-rollup-darwin-arm64';
/** Where rollup's module was built: its install name says so. */
const BUILT = '/Users/runner/work/rollup/rollup';

describe.skipIf(!existsSync(PACKAGES))('real programs for macOS', () => {
  test('have nothing that ties them to a place, but for what they say of their build', async () => {
    const { references } = await scan(PACKAGES, { prefixes: [BUILT], jobs: 1 });
    expect(references.map(({ code, file, fix }) => `${code} ${file} ${fix}`)).toEqual([
      `RL408 ${ROLLUP}/rollup.darwin-arm64.node relative`,
    ]);
  });

  test('get another install name under a signature that holds, and go back byte for byte', async () => {
    const tree = join(temporaryFolder(), 'site');
    cpSync(join(PACKAGES, ROLLUP), tree, { recursive: true });
    const file = join(tree, 'rollup.darwin-arm64.node');
    const before = readFileSync(file);
    const [was] = check(file);
    await apply(plan(await scan(tree, { prefixes: [BUILT], jobs: 1 })));
    expect(pathsOf(file)).toEqual([
      'id @rpath/libbindings_napi.dylib',
      ...pathsOf(join(PACKAGES, ROLLUP, 'rollup.darwin-arm64.node')).slice(1),
    ]);
    expect(check(file)).toMatchObject([{ flags: was?.flags, directories: was?.directories, wrong: [] }]);
    await undo(tree);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('of two architectures, one signed, have their strings written over', async () => {
    const tree = join(temporaryFolder(), 'site');
    cpSync(join(PACKAGES, 'fsevents'), tree, { recursive: true });
    const file = join(tree, 'fsevents.node');
    const name = '/System/Library/Frameworks/CoreServices.framework';
    const planned = plan(await scan(tree, { prefixes: [name], jobs: 1 }), {
      to: asAbsolutePath('/System/Other'),
      only: ['RL408'],
    });
    expect(planned.changes).toHaveLength(1);
    await apply(planned);
    const [intel, arm] = check(file);
    expect([intel?.paths.length, arm?.paths.length]).toEqual([4, 4]);
    expect(pathsOf(file)).toContain('load @loader_path/Versions/A/CoreServices');
    expect(arm).toMatchObject({ signed: true, wrong: [] });
    expect(isSignedRight(file)).toBe(intel?.signed);
  });
});

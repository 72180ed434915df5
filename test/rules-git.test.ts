/** git repositories after a move, as git itself finds their parts. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildTree, has, run, type BuiltTree } from './support/moved-tree.ts';

const AUTHOR = {
  GIT_AUTHOR_NAME: 'x',
  GIT_AUTHOR_EMAIL: 'x@x',
  GIT_COMMITTER_NAME: 'x',
  GIT_COMMITTER_EMAIL: 'x@x',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

function git(cwd: string, ...args: readonly string[]): string {
  return run('git', ['-c', 'protocol.file.allow=always', ...args], { cwd, env: AUTHOR });
}

function repository(built: BuiltTree, name: string): string {
  const place = join(built.root, name);
  mkdirSync(place, { recursive: true });
  git(place, 'init', '-q');
  git(place, 'commit', '-q', '--allow-empty', '-m', 'first');
  return place;
}

describe.skipIf(!has('git'))('a moved tree with', () => {
  test('a worktree: git works in both, and keeps the worktree', async () => {
    const built = buildTree();
    git(repository(built, 'main'), 'worktree', 'add', '-q', '../wt', '-b', 'wt');
    const { root, scan } = await built.move();
    expect(readFileSync(join(root, 'wt/.git'), 'utf8')).toBe('gitdir: ../main/.git/worktrees/wt\n');
    expect(git(join(root, 'wt'), 'rev-parse', '--show-toplevel', '--git-dir')).toBe(
      `${root}/wt\n${root}/main/.git/worktrees/wt`,
    );
    expect(git(join(root, 'wt'), 'log', '--oneline')).toContain('first');
    expect(git(join(root, 'main'), 'worktree', 'prune', '-n', '-v')).toBe('');
    expect(git(join(root, 'main'), 'worktree', 'list')).toContain(`${root}/wt`);
    expect(scan.references.filter(({ code }) => code === 'RL209').map(({ file, fix }) => [file, fix])).toEqual([
      ['main/.git/worktrees/wt/gitdir', 'pinned'],
      ['wt/.git', 'relative'],
    ]);
  });

  test('a separate git folder and core.worktree', async () => {
    const built = buildTree();
    for (const folder of ['w/deep', 'store']) mkdirSync(join(built.root, folder), { recursive: true });
    git(join(built.root, 'w'), 'init', '-q', '--separate-git-dir', '../store/w.git');
    git(join(built.root, 'w'), 'config', 'core.worktree', join(built.root, 'w'));
    const { root } = await built.move();
    expect(git(join(root, 'w/deep'), 'rev-parse', '--show-toplevel', '--git-dir')).toBe(
      `${root}/w\n${root}/store/w.git`,
    );
    expect(git(join(root, 'store/w.git'), 'rev-parse', '--show-toplevel')).toBe(`${root}/w`);
  });

  test('borrowed objects, through two repositories', async () => {
    const built = buildTree();
    repository(built, 'one');
    git(built.root, 'clone', '-q', '-s', 'one', 'two');
    git(built.root, 'clone', '-q', '-s', 'two', 'three');
    const { root } = await built.move();
    expect(readFileSync(join(root, 'three/.git/objects/info/alternates'), 'utf8')).toBe('../../../two/.git/objects\n');
    for (const name of ['two', 'three']) expect(git(join(root, name), 'log', '--oneline')).toContain('first');
    expect(git(join(root, 'three'), 'fsck')).toBe('');
  });

  test('a submodule whose git folder is inside its parent', async () => {
    const built = buildTree();
    const inner = repository(built, 'inner');
    const outer = repository(built, 'outer');
    git(outer, 'submodule', 'add', '-q', inner, 'sub');
    git(outer, 'commit', '-q', '-m', 'sub');
    const { root } = await built.move();
    expect(git(join(root, 'outer'), 'submodule', 'status')).toContain('sub');
    expect(git(join(root, 'outer/sub'), 'rev-parse', '--show-toplevel')).toBe(`${root}/outer/sub`);
    expect(git(join(root, 'outer'), 'config', 'submodule.sub.url')).toBe(join(root, 'inner'));
  });

  test('an included configuration', async () => {
    const built = buildTree({ 'etc/gitconfig': '[user]\n\tname = somebody\n' });
    const main = repository(built, 'main');
    git(main, 'config', 'include.path', join(built.root, 'etc/gitconfig'));
    const { root } = await built.move();
    expect(git(join(root, 'main'), 'config', 'user.name')).toBe('somebody');
  });
});

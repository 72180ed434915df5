/** A file system without room: fix and undo say so in a line and change nothing. Mounts a small one, so these tests need root. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RELOCATE, run } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;

/** What sh prints in a small file system that is there for it alone: the tree is `site`, `fill` leaves no room, `state` sums it up. */
function inSmallPlace(script: string): string[] {
  const place = join(temporaryFolder(), 'small');
  mkdirSync(place);
  const before = `
    mount -t tmpfs -o size=512k none "$0" && cd "$0" && mkdir site
    relocate() { "$node" "$program" "$@" "$PWD/site" --quiet 2>&1; echo "exit $?"; }
    fill() { dd if=/dev/zero of=fill bs=4096 2>/dev/null; }
    state() { (cd site && find . -path ./.relocate -prune -o -printf '%P %y %m %T@ %l\\n' | sort && cat f* s*) | sha256sum; }
    for i in 1 2 3 4 5 6 7 8 9; do echo "root=$PWD/site/f$i" > site/f$i; echo "#!$PWD/site/bin/run" > site/s$i; done
    ln -s "$PWD/site/f1" site/link
  `;
  const ran = run('unshare', ['-m', 'sh', '-c', before + script, place], {
    env: { PATH: process.env['PATH'] ?? '', node: process.execPath, program: RELOCATE },
  });
  expect(ran.stderr).toBe('');
  return ran.stdout.trimEnd().split('\n');
}

describe.skipIf(!canMount)('a full disk', () => {
  test('ends fix with the tree as it was and nothing left over', () => {
    const [before, said, status, after, leftOver, afterRoom] = inSmallPlace(
      'state; fill; relocate fix; state; ls -A site | grep -c relocate; rm fill; relocate fix',
    );
    expect(said).toBe('relocate: where the tree lies no space is left on the device; nothing was changed');
    expect(status).toBe('exit 3');
    expect(after).toBe(before);
    expect(leftOver).toBe('0');
    expect(afterRoom).toBe('exit 0');
  });

  test('does not let undo begin; with room again it does all', () => {
    const [before, fixed, isFixed, said, status, after, parts, undone, end] = inSmallPlace(
      'state; relocate fix; state; fill; relocate undo; state; find site -name "*.part" | wc -l; rm fill; relocate undo; state',
    );
    expect(fixed).toBe('exit 0');
    expect(isFixed).not.toBe(before);
    expect(said).toBe(
      "relocate: undo can't begin: where the tree lies no space is left on the device; nothing was changed",
    );
    expect(status).toBe('exit 2');
    expect(after).toBe(isFixed);
    expect(parts).toBe('0');
    expect([undone, end]).toEqual(['exit 0', before]);
  });
});

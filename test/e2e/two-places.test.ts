/** The same build made at two places of different length packs to the same bytes, but for the times that the build wrote. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relocateOk, runOk } from '../support/cli.ts';
import { makeSite } from '../support/venv.ts';

let folder: string;
// so long that pip starts scripts through sh, since kernels cut first lines
const places = ['a/site', `another/${'much-'.repeat(25)}longer/place/of/the/build`];
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-two-')));
  for (const place of places) makeSite(join(folder, place));
}, 900_000);
afterAll(() => void runOk('rm', ['-rf', folder]));

const WITHOUT_TIMES = `
import pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob('*.pyc'):
    with open(path, 'r+b') as file:
        file.seek(8)
        file.write(bytes(4))
`;

test('what differs is only times', () => {
  const digests = places.map((place, i) => {
    const archive = join(folder, `${i}.tar.gz`);
    const out = join(folder, `out-${i}`);
    relocateOk(['pack', join(folder, place), '-o', archive]);
    runOk('mkdir', [out]);
    runOk('tar', ['xzf', archive, '-C', out]);
    // byte code holds the time of its source; what else is in it must be the same
    runOk('python3', ['-c', WITHOUT_TIMES, out]);
    return runOk('sh', [
      '-c',
      'cd "$1" && find . -path ./.relocate -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; find . -type l -printf "%p %l\\n" | sort',
      'sh',
      out,
    ]);
  });
  const [first = [], second = []] = digests.map((text) => text.split('\n'));
  expect(second.filter((line) => !first.includes(line))).toEqual([]);
  expect(second).toHaveLength(first.length);
});

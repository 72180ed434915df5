/** RL514: `build-details.json`, which describes a Python for other tools and may do so relative to itself (PEP 739). */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, dirName, relativeTo, type TreePath } from '../model/path.ts';
import { pathAt, pinned, relative } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';

export const rule: FileRule = {
  code: 'RL514',
  subject: 'file',
  summary: 'The description of a Python installation holds its place; it can be relative.',
  appliesTo: ({ path }) => baseName(path) === 'build-details.json',

  *claim(view, hits) {
    const values = hits.flatMap((hit) => valueAt(view, hit));
    const root = values.find(({ key }) => key === 'base_prefix')?.inTree ?? null;
    for (const value of values) yield valueClaim(view, value, root);
  },
};

/** A string value that is one path and nothing else. */
interface Value {
  readonly hit: Hit;
  readonly key: string;
  readonly end: number;
  readonly inTree: TreePath | null;
}

function valueAt(view: FileView, hit: Hit): Value[] {
  if (hit.escaping !== 'plain' && hit.escaping !== 'json') return [];
  const text = view.latin1();
  const key = /"(\w+)"\s*:\s*"$/.exec(text.slice(Math.max(0, hit.start - 200), hit.start))?.[1];
  const length = /^(?:[^"\\\n]|\\.)*(?=")/.exec(text.slice(hit.end, hit.end + 4096))?.[0].length;
  if (key === undefined || length === undefined) return [];
  const end = hit.end + length;
  return [{ hit, key, end, inTree: pathAt(view, hit, end).inTree }];
}

/** `base_prefix` counts from the folder of the file, all others from `base_prefix` (build-details.json 1.0). */
function valueClaim(view: FileView, { hit, key, end, inTree }: Value, root: TreePath | null): Claim {
  const from = key === 'base_prefix' ? dirName(view.path) : root;
  const text = from === null || inTree === null ? null : escapePath(relativeTo(from, inTree), 'json');
  return text === null
    ? pinned(view, hit, { escaping: 'json' })
    : relative(view, hit, [{ start: hit.start, end, text: decodeBytes(text) }], { escaping: 'json' });
}

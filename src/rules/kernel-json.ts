/** RL510: Jupyter kernel specifications. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import { jsonStrings, type JsonString } from '../formats/json-strings.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, dirName, relativeTo } from '../model/path.ts';
import { pathAt, pinned, relative } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';

export const rule: FileRule = {
  code: 'RL510',
  subject: 'file',
  summary: 'A Jupyter kernel starts its interpreter by an absolute path.',
  appliesTo: ({ path }) => baseName(path) === 'kernel.json',

  *claim(view, hits) {
    if (!view.isText) return;
    const strings = jsonStrings(view.latin1());
    for (const hit of hits) {
      const string = strings.find(({ start, end }) => hit.start >= start && hit.end <= end);
      if (string !== undefined && (hit.escaping === 'plain' || hit.escaping === 'json'))
        yield stringClaim(view, hit, hits, string);
    }
  },
};

/** In `argv` jupyter_client puts the folder of kernel.json for `{resource_dir}` and passes the rest on as it is. */
function stringClaim(view: FileView, hit: Hit, hits: readonly Hit[], string: JsonString): Claim {
  const escaping = 'json';
  const isWhole =
    hit.start === string.start &&
    !hits.some((other) => other !== hit && other.start >= string.start && other.end <= string.end);
  const found = pathAt(view, { ...hit, escaping }, isWhole ? string.end : undefined);
  // within a longer argument only the prefix is sure: what comes behind it stays
  const [end, target] = isWhole ? [found.end, found.inTree] : [hit.end, hit.prefix.base];
  const path =
    target === null || target.includes('{') ? null : escapePath(relativeTo(dirName(view.path), target), escaping);
  if (string.keys[0] !== 'argv' || path === null) return pinned(view, hit, { found, escaping });
  const text = `{resource_dir}/${decodeBytes(path)}`;
  return relative(view, hit, [{ start: hit.start, end, text }], { found, escaping });
}

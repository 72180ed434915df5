/** RL510: Jupyter kernel specifications. */
import { decodeBytes } from '../formats/byte-text.ts';
import { escapePath } from '../formats/escaping.ts';
import { jsonStringAt, jsonStrings, type JsonString } from '../formats/json-strings.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName, dirName, relativeTo } from '../model/path.ts';
import { pathAt, pinned, relative, standsAlone } from './claims.ts';
import type { Claim, FileRule, FileView } from './rule.ts';

export const rule: FileRule = {
  code: 'RL510',
  subject: 'file',
  summary: 'A Jupyter kernel starts its interpreter by an absolute path.',
  appliesTo: ({ path }) => baseName(path) === 'kernel.json',

  *claim(view, hits) {
    if (!view.isText) return;
    const strings = jsonStrings(view.latin1());
    for (const [index, hit] of hits.entries()) {
      const string = jsonStringAt(strings, hit.start, hit.end);
      if (string !== undefined && (hit.escaping === 'plain' || hit.escaping === 'json'))
        yield stringClaim(view, hit, string, standsAlone(hits, index, string.start, string.end));
    }
  },
};

/** In `argv` jupyter_client puts the folder of kernel.json for `{resource_dir}` and passes the rest on as it is. */
function stringClaim(view: FileView, hit: Hit, string: JsonString, isAlone: boolean): Claim {
  const escaping = 'json';
  const isWhole = hit.start === string.start && isAlone;
  const found = pathAt(view, { ...hit, escaping }, isWhole ? string.end : undefined);
  // within a longer argument only the prefix is sure: what comes behind it stays
  const [end, target] = isWhole ? [found.end, found.inTree] : [hit.end, hit.prefix.base];
  const path =
    target === null || target.includes('{') ? null : escapePath(relativeTo(dirName(view.path), target), escaping);
  if (string.keys[0] !== 'argv' || path === null) return pinned(view, hit, { found, escaping });
  const text = `{resource_dir}/${decodeBytes(path)}`;
  return relative(view, hit, [{ start: hit.start, end, text }], { found, escaping });
}

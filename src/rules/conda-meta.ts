/** RL512: conda's records of what is installed in an environment. */
import { jsonStringAt, jsonStrings } from '../formats/json-strings.ts';
import { baseName, dirName } from '../model/path.ts';
import type { Escaping } from '../model/reference.ts';
import { pinned } from './claims.ts';
import type { FileRule } from './rule.ts';

export const rule: FileRule = {
  code: 'RL512',
  subject: 'file',
  summary: "conda's package records name local folders by absolute paths.",
  appliesTo: ({ path }) => baseName(dirName(path)) === 'conda-meta',

  *claim(view, hits) {
    if (!view.isText) return;
    const text = view.latin1();
    const isJson = /\.json$|^state$/.test(baseName(view.path));
    const strings = isJson ? jsonStrings(text) : [];
    for (const hit of hits) {
      const string = jsonStringAt(strings, hit.start, hit.end);
      if (isJson && string === undefined) continue;
      const escaping =
        string === undefined ? hit.escaping : jsonEscaping(hit.escaping, text.slice(string.start, hit.start));
      yield pinned(view, hit, { escaping });
    }
  },
};

/** The search takes the bytes as they are; in JSON they may be a plain path or a file:// URL. */
function jsonEscaping(found: Escaping, before: string): Escaping {
  if (/file:(?:\/\/)?$/.test(before)) return 'percent';
  return found === 'plain' ? 'json' : found;
}

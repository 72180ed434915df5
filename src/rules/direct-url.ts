/** RL505: the place a package was installed from (PEP 610). */
import { jsonStringAt, jsonStrings } from '../formats/json-strings.ts';
import { baseName } from '../model/path.ts';
import { pathAt, pinned } from './claims.ts';
import type { FileRule } from './rule.ts';

export const rule: FileRule = {
  code: 'RL505',
  subject: 'file',
  summary: 'direct_url.json names the folder a package was installed from by a file:// URL.',
  appliesTo: ({ path }) => baseName(path) === 'direct_url.json',

  *claim(view, hits) {
    if (!view.isText) return;
    const text = view.latin1();
    const strings = jsonStrings(text);
    for (const hit of hits) {
      const string = jsonStringAt(strings, hit.start, hit.end);
      if (string === undefined) continue;
      const isUrl = /file:(?:\/\/(?:localhost)?)?$/.test(text.slice(string.start, hit.start));
      if (isUrl)
        yield pinned(view, hit, {
          found: pathAt(view, { ...hit, escaping: 'percent' }, string.end),
          escaping: 'percent',
        });
      else if (hit.escaping === 'plain') yield pinned(view, hit, { escaping: 'json' });
    }
  },
};

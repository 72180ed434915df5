/** RL503: egg-link files, by which setuptools' `develop` points from site-packages to a source folder. */
import { baseName, dirName, relativeTo } from '../model/path.ts';
import { pathAt, pinned, relative } from './claims.ts';
import type { FileRule } from './rule.ts';
import { lineAt } from './text-lines.ts';

export const rule: FileRule = {
  code: 'RL503',
  subject: 'file',
  summary: 'An egg-link names a source folder by an absolute path.',
  // those of a buildout are compared as text: buildout-metadata
  appliesTo: ({ path }) => path.endsWith('.egg-link') && baseName(dirName(path)) !== 'develop-eggs',

  *claim(view, hits) {
    if (!view.isText) return;
    for (const hit of hits) {
      const line = lineAt(view.latin1(), hit.start);
      const found = pathAt(view, hit, line.start + line.text.replace(/[ \t\r]+$/, '').length);
      // the second line is relative to what the first one names
      const isFirst =
        line.start === 0 && hit.start === 0 && !hits.some((other) => other !== hit && other.end <= line.end);
      if (!isFirst || found.inTree === null) yield pinned(view, hit);
      else
        yield relative(view, hit, [{ start: 0, end: found.end, text: relativeTo(dirName(view.path), found.inTree) }], {
          found,
        });
    }
  },
};

/** RL204: paths in .cmake files that packages install for the builds of others; CMake tells a file where it lies. */
import { cmakePlaces, firstCMakeCommand, type CMakePlace } from '../formats/cmake-text.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName } from '../model/path.ts';
import type { Escaping, Splice } from '../model/reference.ts';
import { pinned, relative } from './claims.ts';
import { nameOfFile, prefixVariables, type PrefixVariable } from './prefix-variables.ts';
import type { FileRule } from './rule.ts';

export const rule: FileRule = {
  code: 'RL204',
  summary: "The tree's path in a .cmake file, which can name its own folder.",
  subject: 'file',
  appliesTo: ({ path, size }) => path.endsWith('.cmake') && size < 4 * 1024 * 1024 && !isOfBuild(path),

  *claim(view, hits, context) {
    if (view.bytes === null || !view.isText) return;
    const text = view.latin1();
    const places = placed(text, hits);
    const open = places.filter(({ place }) => place.quoting !== 'raw' && !place.isDeferred).map(({ hit }) => hit);
    const name = `_RELOCATE_${nameOfFile(view.path, context).toUpperCase()}`;
    const variables = prefixVariables(view.path, open, name, 'shell-double', context);
    const code = variables === null ? null : definitions(text, [...variables.values()]);
    for (const { hit, place } of places) {
      const escaping = ESCAPINGS[place.quoting];
      const variable = open.includes(hit) ? variables?.get(hit.prefix.base) : undefined;
      if (code !== null && variable !== undefined)
        yield relative(view, hit, [code, { start: hit.start, end: hit.end, text: `\${${variable.name}}` }], {
          escaping,
        });
      else if (place.quoting !== 'raw') yield pinned(view, hit, { escaping, note: DEFERRED });
    }
  },
};

const DEFERRED =
  'a function or macro runs in the scope of its caller, where no variable of this file is sure to be set';

/** Any character but letters and digits may stand behind a backslash (cmake-language(7), escape_identity). */
const ESCAPINGS: Readonly<Record<CMakePlace['quoting'], Escaping>> = {
  quoted: 'shell-double',
  unquoted: 'shell-bare',
  raw: 'plain',
};

/** What CMake writes into a build tree for itself. */
function isOfBuild(path: string): boolean {
  return (
    /(?:^|\/)CMakeFiles\//.test(path) ||
    /^(?:cmake_install|cmake_uninstall|CTestTestfile|CPack(?:Source)?Config)\.cmake$/.test(baseName(path))
  );
}

function placed(text: string, hits: readonly Hit[]): { readonly hit: Hit; readonly place: CMakePlace }[] {
  const plain = hits.filter(({ escaping }) => escaping === 'plain' || escaping.startsWith('shell-'));
  const places = cmakePlaces(
    text,
    plain.map(({ start }) => start),
  );
  return plain.flatMap((hit, index) => {
    const place = places[index];
    return place === undefined ? [] : [{ hit, place }];
  });
}

/**
 * The commands that work out the prefixes, before all others. CMake takes `..` away by text alone, so the links in the path of the file
 * are resolved first. The names are those of no other file: an included file of another tree must not change them.
 */
function definitions(text: string, variables: readonly PrefixVariable[]): Splice {
  const at = firstCMakeCommand(text);
  const lines = variables.map(
    ({ name, up }) =>
      `get_filename_component(${name} "\${CMAKE_CURRENT_LIST_FILE}" REALPATH)\n` +
      `get_filename_component(${name} "\${${name}}/../${up}" ABSOLUTE)\n`,
  );
  return { start: at, end: at, text: lines.join('') };
}

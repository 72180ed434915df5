/** What comes along with a tree, for people. */
import { showBytes } from '../formats/byte-text.ts';
import type { BundledPython } from '../model/bundle.ts';
import type { Plan } from '../model/plan.ts';
import { bytes, list, plural } from './words.ts';

/** `Python 3.11.7 of /usr comes along in .python/3.11.7: 1,436 files, 46 MB, 23 shared libraries; for env and env2`. */
export function pythonSentence({
  version,
  prefix,
  folder,
  files,
  bytes: size,
  libraries,
  environments,
}: BundledPython): string {
  const shared =
    libraries.length === 0 ? '' : `, ${plural(libraries.length, 'shared library', 'shared libraries')} among them`;
  const names = environments.map(({ path }) => (path === '' ? 'the tree itself' : showBytes(path)));
  return `Python ${version} of ${showBytes(prefix)} in ${showBytes(folder)}: ${plural(files, 'file')}, ${bytes(size)}${shared}; for ${list(names)}`;
}

/** The same in front of a diff, which can't show it. */
export function bundleComments({ bundle }: Plan): string[] {
  return (bundle?.pythons ?? []).map((python) => `# comes along: ${pythonSentence(python)}`);
}

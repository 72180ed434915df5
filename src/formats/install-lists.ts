/**
 * What `.relocate/install.sh` reads instead of JSON: `digests.list`, which `sha256sum -c` checks, and `render.list`, lines of words
 * parted by one blank. A word is bytes with all but letters, digits and `_ . / + , : = @ % -` as `\0ooo` (POSIX `printf %b`), `-` when empty.
 */
import type { FileEntry, RecordRow } from '../model/manifest-entry.ts';
import { OWN_PATHS, type Manifest, type ManifestHead } from '../model/manifest.ts';
import { baseName, joinTree, type TreePath } from '../model/path.ts';
import type { AbsoluteForm } from '../model/reference.ts';
import type { Interpreter, Requirements } from '../model/requirements.ts';
import type { Seal } from '../model/seal.ts';
import { encodeBytes } from './byte-text.ts';

/**
 * `sha256  ./path` for the manifest, relocate's own files, and every file whose name `sha256sum` takes as it is; the others stand in
 * render.list. It closes the circle: it is made of the manifest and its digest alone, so a manifest that was damaged does not fit it.
 */
export function digestList(manifest: Manifest, manifestDigest: string): Buffer {
  const own = [{ path: OWN_PATHS.manifest, sha256: manifestDigest }, ...manifest.own];
  const pieces: Buffer[] = [];
  let text = '';
  for (const { path, sha256 } of [...own, ...filesOf(manifest)]) {
    text += digestLine(path, sha256);
    if (text.length < 65536) continue;
    pieces.push(encodeBytes(text));
    text = '';
  }
  return Buffer.concat([...pieces, encodeBytes(text)]);
}

/** Empty for a name that `sha256sum` does not take. */
export function digestLine(path: TreePath, sha256: string): string {
  return isPlainName(path) ? `${sha256}  ./${path}\n` : '';
}

/**
 * The lines of render.list, in this order:
 *
 *     relocate 1
 *     root MODE                             of the tree's own folder, octal
 *     host PLATFORM ARCH LIBC VERSION EXAMPLE   what native code is made for: the lowest glibc, and a file that needs it
 *     odd SHA256 PATH                       a file that digests.list can't name
 *     python PROGRAM VERSION HOME           a Python outside the tree, followed by
 *       link PATH                             a symlink to it
 *     file PATH SIZE MODE                   a file to render, followed by (offsets in the bytes as packed)
 *       site START END ESCAPING BASE          a prefix to replace
 *       slot START END ESCAPING BASE PADDING SLOT_END
 *       count AT WIDTH VALUE PATHS ASCII      the number that counts the bytes around the site before it
 *       seal START END PAGE AT HASH WIDTH     hashes of the pages of these bytes, made anew behind all edits
 *       value START END WHAT                  what names the last `python` whose environment the file belongs to
 *       row DIGEST_START DIGEST_END SIZE_START SIZE_END PATH
 *     end
 *
 * Files with rows come last: they need the digests of the others.
 */
export function renderList(manifest: Manifest): Buffer {
  const list = new RenderList();
  for (const file of filesOf(manifest)) list.add(file);
  return list.end(manifest);
}

/** The same from files that come one by one, in order; of most it keeps nothing. */
export class RenderList {
  readonly #odd: string[] = [];
  /** Those without rows, and those with; what a virtual environment stands on is known at the end. */
  readonly #rendered: (string | FileEntry)[] = [];
  readonly #last: (string | FileEntry)[] = [];
  readonly #configs = new Map<TreePath, FileEntry>();

  add(file: FileEntry): void {
    const { path, sites, rows, sha256 } = file;
    if (!isPlainName(path)) this.#odd.push(`odd ${sha256} ${listWord(path)}`);
    const isConfig = baseName(path) === 'pyvenv.cfg';
    if (isConfig) this.#configs.set(path, file);
    if (sites === undefined && rows === undefined) return;
    (rows === undefined ? this.#rendered : this.#last).push(isConfig ? file : fileLines(file, null).join('\n'));
  }

  end({ root, requirements }: Pick<ManifestHead, 'root' | 'requirements'>): Buffer {
    const lines = ['relocate 1', `root ${root.mode.toString(8)}`, ...hostLines(requirements), ...this.#odd];
    const configs = new Set<TreePath>();
    for (const interpreter of requirements.interpreters) {
      const path = joinTree(interpreter.environment, 'pyvenv.cfg');
      const file = this.#configs.get(path);
      configs.add(path);
      lines.push(...pythonLines(interpreter), ...(file === undefined ? [] : fileLines(file, interpreter)));
    }
    for (const file of [...this.#rendered, ...this.#last]) {
      if (typeof file === 'string') lines.push(file);
      else if (!configs.has(file.path)) lines.push(...fileLines(file, null));
    }
    lines.push('end', '');
    return Buffer.from(lines.join('\n'), 'latin1');
  }
}

function hostLines({ native, platform, arch, libc, libraries }: Requirements): string[] {
  if (!native) return [];
  const [family = '', version = ''] = libc.split(' ');
  const needed = libraries.flatMap(({ versions }) => versions);
  const example = needed.find((each) => each.version === `GLIBC_${version}`)?.example ?? '';
  return [`host ${[platform, arch, family, version, example].map(listWord).join(' ')}`];
}

function filesOf(manifest: Manifest): FileEntry[] {
  return manifest.entries.filter((entry): entry is FileEntry => entry.type === 'file');
}

function pythonLines({ program, version, home, links }: Interpreter): string[] {
  return [
    `python ${listWord(program)} ${listWord(version)} ${listWord(home)}`,
    ...links.map((path) => `link ${listWord(path)}`),
  ];
}

function fileLines(file: FileEntry, interpreter: Interpreter | null): string[] {
  return [
    `file ${listWord(file.path)} ${file.size} ${file.mode.toString(8)}`,
    ...(file.sites ?? []).flatMap(siteLines),
    ...(file.seals ?? []).map(sealLine),
    ...(interpreter?.values ?? []).map(({ start, end, is }) => `value ${start} ${end} ${is}`),
    ...(file.rows ?? []).map(rowLine),
  ];
}

function siteLines({ start, end, escaping, base, slot, length }: AbsoluteForm): string[] {
  if (slot !== undefined) return [`slot ${start} ${end} ${escaping} ${listWord(base)} ${slot.padding} ${slot.slotEnd}`];
  const site = `site ${start} ${end} ${escaping} ${listWord(base)}`;
  if (length === undefined) return [site];
  return [site, `count ${length.at} ${length.width} ${length.value} ${length.paths} ${length.ascii ? 1 : 0}`];
}

function sealLine({ start, end, page, at, hash, width }: Seal): string {
  return `seal ${start} ${end} ${page} ${at} ${hash} ${width}`;
}

function rowLine({ of, digest, size }: RecordRow): string {
  return `row ${digest.join(' ')} ${size.join(' ')} ${listWord(of)}`;
}

/** A word of a list. */
export function listWord(text: string): string {
  if (text === '') return '-';
  const escaped = encodeBytes(text)
    .toString('latin1')
    .replace(/[^A-Za-z0-9_./+,:=@%-]/g, (char) => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return escaped.startsWith('-') ? `\\0055${escaped.slice(1)}` : escaped;
}

/** Newlines end a line of the list; GNU takes a backslash for an escape and drops a carriage return at the end. */
function isPlainName(name: string): boolean {
  return !/[\n\r\\]/.test(name);
}

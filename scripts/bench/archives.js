// Archives of a tree, as relocate and as others make them, and whether they hold the same.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from './measure.js';
import { knows, NODE, RELOCATE } from './peers.js';
import { has } from './run.js';
import { entriesOf } from './trees.js';

const UNPACK = { '.tar.zst': ['--zstd'], '.tar.gz': ['-z'], '.tar': [] };

/** relocate's formats that this build has: tar.zst came later than the others. */
export async function relocateFormats(bench) {
  if (await knows('pack', /tar\.zst/)) return ['.tar.zst', '.tar.gz', '.tar'];
  bench.skip('pack tar.zst', 'this relocate knows tar.gz and tar');
  return ['.tar.gz', '.tar'];
}

export function relocatePack(tree, output) {
  return [NODE, RELOCATE, 'pack', tree, '-o', output, '--quiet'];
}

/** A pipe of tar into a compressor that writes to the last argument. */
export function pipe(tree, compressor, output) {
  return ['sh', '-c', `tar -C "$1" -cf - . | ${compressor} >"$2"`, 'sh', tree, output];
}

/** Those of the contestants whose program is here. */
export function present(bench, contestants) {
  return contestants.filter(({ name, needs }) => {
    const isHere = needs === undefined || has(needs);
    if (!isHere) bench.skip(name, `${needs} is missing`);
    return isHere;
  });
}

/** The members of an archive: paths from the tree's root, sorted. */
export async function membersOf(archive) {
  const format = Object.keys(UNPACK).find((end) => archive.endsWith(end));
  return membersIn(await linesOf(['tar', ...UNPACK[format], '--quoting-style=literal', '-tf', archive]));
}

/** The members of the archive that tar would make of a tree, which is read for it: it is in the cache then. */
export async function membersOfTree(tree) {
  const list = 'tar -C "$1" -cf - . | tar --quoting-style=literal -tf -';
  return membersIn(await linesOf(['sh', '-c', list, 'sh', tree]));
}

function membersIn(lines) {
  return new Set(lines.map((line) => line.replace(/^\.\//, '').replace(/\/$/, '')).filter(Boolean));
}

/**
 * Throws where relocate's archive lacks something of the tree but byte code that is compiled again (its source changes), or holds something
 * but its own files.
 */
export async function requireMembers(archive, expected, say) {
  const members = await membersOf(archive);
  const missing = [...expected].filter((path) => !members.has(path));
  const more = [...members].filter(
    (path) => !expected.has(path) && path !== '.relocate' && !path.startsWith('.relocate/'),
  );
  const lost = missing.filter((path) => !path.endsWith('.pyc'));
  const wrong = [...lost, ...more];
  if (wrong.length > 0) throw new Error(`${archive} and tar's hold different members: ${wrong.slice(0, 3).join(', ')}`);
  say(
    `${archive.split('/').at(-1)} holds what tar's does (${expected.size} members) but for ${missing.length} files of byte code`,
  );
}

/**
 * Throws where a tree that was installed and one that tar unpacked from the same archive differ in more than the files that an install fills in.
 * @returns how much is the same, in words
 */
export function requireSameTrees(installed, unpacked) {
  const rendered = renderedIn(unpacked);
  let [same, filled] = [0, 0];
  for (const { path: place } of entriesOf(unpacked)) {
    const path = place.slice(unpacked.length + 1);
    if (path === '.relocate' || path.startsWith('.relocate/')) continue;
    if (contentOf(join(installed, path)) === contentOf(join(unpacked, path))) same++;
    else if (rendered.has(path)) filled++;
    else throw new Error(`'${path}' is not what tar unpacks`);
  }
  return `what tar unpacks, ${same} files, folders and links, and ${filled} files that name the new place`;
}

/** The files that an install fills in: those with sites, and with rows that follow other files. */
function renderedIn(tree) {
  const { entries } = JSON.parse(readFileSync(join(tree, '.relocate/manifest.json'), 'utf8'));
  return new Set(entries.filter(({ sites, rows }) => (sites ?? rows) !== undefined).map(({ path }) => path));
}

function contentOf(path) {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return readlinkSync(path);
  return stats.isFile() ? `${stats.mode} ${readFileSync(path, 'latin1')}` : String(stats.mode);
}

// npm run corpora -- TREE ...: takes real trees, each where it was built, through the whole road and says what held. Every tree is as
// before afterwards. Needs a built dist, GNU find, grep and sha256sum. Exits 1 where something did not hold.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RELOCATE = fileURLToPath(new URL('../bin/relocate.js', import.meta.url));
const LIST = `find . -path ./.relocate -prune -o -printf '%P\\t%y\\t%m\\t%U:%G\\t%T@\\t%l\\n' | LC_ALL=C sort
find . -path ./.relocate -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum`;

let failures = 0;

for (const tree of process.argv.slice(2).map((path) => realpathSync(path))) {
  console.log(`\n${tree}`);
  const work = mkdtempSync(join(dirname(tree), '.relocate-corpora-'));
  try {
    throughFix(tree, work);
    throughArchive(tree, work);
  } finally {
    sh('chmod -R u+rwX "$1"; rm -rf "$1"', dirname(work), work);
    rmSync(work, { recursive: true, force: true });
  }
}
console.log(failures === 0 ? '\nall held' : `\n${failures} did not hold`);
process.exitCode = failures === 0 ? 0 : 1;

function throughFix(tree, work) {
  const before = sh(LIST, tree);
  const found = scan(tree);
  const inBytes = found.references.filter(
    ({ site, scope }) => site.kind !== 'symlink' && site.kind !== 'entry' && scope !== 'outside',
  );
  const raw = Number(sh('LC_ALL=C grep -rahoF --exclude-dir=.relocate -e "$1" . | wc -l', tree, tree));
  console.log(
    `  ${inBytes.length} references in bytes, ${raw} raw occurrences of the path (neighbours and hard links counted)`,
  );
  const fixed = timed(['fix', tree], [0, 1]);
  const left = scan(tree);
  held(
    'after fix a scan finds nothing that fix would change',
    left.references.every(({ fix }) => fix !== 'relative'),
  );
  const once = sh(LIST, tree);
  relocate(['fix', tree], [0, 1]);
  held('a second fix changes nothing', sh(LIST, tree) === once);
  const moved = join(work, 'moved to/tree');
  mkdirSync(dirname(moved));
  renameSync(tree, moved);
  const named = withOtherNames(
    moved,
    left.references.map(({ file }) => file),
  );
  const untold = untoldFiles(moved, tree, named);
  held(
    'after a move no file names the old place but those that the scan lists',
    untold.length === 0,
    untold.slice(0, 5).join(', '),
  );
  renameSync(moved, tree);
  relocate(['undo', tree]);
  held('undo gives everything back', sh(LIST, tree) === before);
  console.log(`  fix took ${fixed} s`);
}

/** The files, but for those named, that hold a path under the old place, not as the tail of a longer one. */
function untoldFiles(moved, tree, named) {
  const files = sh('LC_ALL=C grep -ralF --exclude-dir=.relocate -e "$1" . || true', moved, `${tree}/`).split('\n');
  const alone = new RegExp(`(?<![\\w.~+@%-])${RegExp.escape?.(tree) ?? tree.replace(/[^\w/-]/g, '\\$&')}/`);
  return files
    .filter((file) => file !== '')
    .map((file) => file.replace('./', ''))
    .filter((file) => !named.has(file) && alone.test(readFileSync(join(moved, file), 'latin1')));
}

/** The files, each under all names of its inode. */
function withOtherNames(tree, files) {
  const listed = sh('find . -type f -printf "%i\\t%P\\n"', tree)
    .split('\n')
    .map((line) => line.split('\t'));
  const inodeOf = new Map(listed.map(([inode, path]) => [path, inode]));
  const inodes = new Set(files.map((file) => inodeOf.get(file)));
  return new Set([...files, ...listed.flatMap(([inode, path]) => (inodes.has(inode) ? [path] : []))]);
}

function throughArchive(tree, work) {
  const [one, two] = ['one', 'two'].map((name) => join(work, `${name}.tar.gz`));
  const packed = timed(['pack', tree, '-o', one]);
  const { maxPrefixBytes } = JSON.parse(relocate(['pack', tree, '-o', two, '--jobs', '1', '--format', 'json']).stdout);
  held('two packs are the same', readFileSync(one).equals(readFileSync(two)));
  const place = join(work, 'installed-at', basename(tree));
  mkdirSync(dirname(place));
  // the place is longer than the tree's own: programs may have no room for it, and name the tree by a link then
  const isTooLong = maxPrefixBytes !== null && Buffer.byteLength(place) > maxPrefixBytes;
  const links = mkdtempSync(join(tmpdir(), 'link-'));
  try {
    const via = isTooLong ? ['--via', join(links, 'tree')] : [];
    const installed = timed(['install', one, place, '--allow-special', ...via]);
    held('verify of the installed tree', relocate(['verify', place], [0, 1]).status === 0);
    console.log(`  pack took ${packed} s, install ${installed} s${isTooLong ? ', by a short link' : ''}`);
  } finally {
    rmSync(links, { recursive: true });
  }
}

function scan(tree) {
  return JSON.parse(relocate(['scan', tree, '--format', 'json'], [0, 1]).stdout);
}

function held(what, isTrue, detail = '') {
  if (!isTrue) failures++;
  console.log(`  ${isTrue ? 'held   ' : 'FAILED '} ${what}${isTrue || detail === '' ? '' : `: ${detail}`}`);
}

function timed(args, expected) {
  const start = performance.now();
  relocate(args, expected);
  return ((performance.now() - start) / 1000).toFixed(1);
}

function relocate(args, expected = [0]) {
  const ran = spawnSync(process.execPath, [RELOCATE, ...args], { encoding: 'utf8', maxBuffer: 1 << 30, cwd: tmpdir() });
  if (!expected.includes(ran.status))
    throw new Error(`relocate ${args.join(' ')} exited with ${ran.status}\n${ran.stderr}`);
  return ran;
}

function sh(script, cwd, ...args) {
  const ran = spawnSync('sh', ['-c', script, 'sh', ...args], { cwd, encoding: 'latin1', maxBuffer: 1 << 30 });
  if (ran.error) throw ran.error;
  return ran.stdout;
}

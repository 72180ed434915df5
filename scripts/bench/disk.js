// What one contestant leaves on the disk for the next: bytes on their way to it, and inodes that were given back.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from './run.js';

/** Trees are kept as long as so many bytes of the file system are free behind them. */
const LEAST_FREE = 16e9;

/** Removes folders or files, and waits for the disk, so that one contestant's writing is not another's waiting. */
export async function clear(...paths) {
  await run(['rm', '-rf', ...paths]);
  await run(['sync']);
}

/**
 * The same of trees of many files, which the next contestant makes again. Where inodes that were given back cost time, they are set aside, beside their
 * place, and go with the folder that they are in.
 */
export async function clearTrees(...trees) {
  const [aside, removed] = [[], []];
  for (const tree of trees.filter(existsSync)) (isKept(tree) ? aside : removed).push(tree);
  for (const tree of aside) renameSync(tree, join(mkdtempSync(join(asideOf(tree), '-')), basename(tree)));
  await clear(...removed);
}

function asideOf(tree) {
  const folder = join(dirname(tree), '.set-aside');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function isKept(tree) {
  const { bavail, bsize } = statfsSync(tree);
  return bavail * bsize >= LEAST_FREE && isSlowAfterRemoval(tree);
}

/**
 * Whether making a file takes longer when others were removed before: ext4 without a journal uses no inode again that was given back in the last
 * minute (in the last six where its block waits to be written), and looks at each of them anew for every file that is made (`recently_deleted` in
 * fs/ext4/ialloc.c): 200 to 400 µs of processor time for 10.
 */
function isSlowAfterRemoval(path) {
  const { dev } = statSync(path);
  // how glibc's gnu_dev_major and gnu_dev_minor take a device number apart, as far as it is used
  const device = `/sys/dev/block/${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  if (!existsSync(device)) return false;
  const journal = `/sys/fs/ext4/${basename(readlinkSync(device))}/journal_task`;
  return existsSync(journal) && readFileSync(journal, 'utf8').trim() === '<none>';
}

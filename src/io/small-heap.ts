/** Keeps the heap of a process small whose work is one scan: by default V8 lets garbage grow to several times what is in use. */
import { setFlagsFromString } from 'node:v8';

/**
 * For the whole process, all its threads and the rest of its life: a program's choice, never a library's. A scan makes short-lived objects
 * out of little that lasts, so it costs no time. V8 reads each when it needs it; an engine that did not know them would go on as usual. The program
 * `relocate` gives the same flags before it loads anything (bin/relocate.js): what V8 compiled with others it does not take.
 */
export function keepHeapSmall(): void {
  // the old generation is collected when it is so much larger than after the last time, in percent
  setFlagsFromString('--heap-growing-percent=40');
  // then by steps of 2 MB instead of 8, as on a host with little memory
  setFlagsFromString('--optimize-for-size');
  // V8 of Node 20. Later ones keep new objects in little space by themselves, and a scan takes a third more processor time where they are told how
  if (!process.versions.v8.startsWith('11.')) return;
  // MB of new objects, twice (from and to); of threads that start from now on
  setFlagsFromString('--max-semi-space-size=8');
  // It grows to its most as soon as it grows, so that a million files take what ten thousand take. To keep it small instead (a factor of 1) saves
  // 30 MB of 130 and costs 6 % of a scan's processor time, 20 % of one of many small files
  setFlagsFromString('--semi-space-growth-factor=16');
}

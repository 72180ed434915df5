/** Keeps the heap of a process small whose work is one scan: by default V8 lets garbage grow to several times what is in use. */
import { setFlagsFromString } from 'node:v8';

/**
 * For the whole process, all its threads and the rest of its life: a program's choice, never a library's. A scan makes short-lived objects
 * out of little that lasts, so it costs no time. V8 reads both when it needs them; an engine that knew neither would go on as usual.
 */
export function keepHeapSmall(): void {
  // the old generation is collected when it is so much larger than after the last time, in percent
  setFlagsFromString('--heap-growing-percent=40');
  // but for steps of 2 MB instead of 8; and the space for new objects stays small, that of the calling thread too, which is there already
  setFlagsFromString('--optimize-for-size');
}

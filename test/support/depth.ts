/** How deep a test goes: the usual run takes a sample of what `npm run test:long` goes through in full. */

/** Set by vitest.long.config.ts. */
const isFull = process.env['RELOCATE_TESTS'] === 'full';

/** The sample in the usual run, the whole in the long one. A sample must still be able to fail. */
export function usually<T>(sample: T, whole: T): T {
  return isFull ? whole : sample;
}

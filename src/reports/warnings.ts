/** Warnings of a run, as lines. */
import { showBytes } from '../formats/byte-text.ts';
import type { Style } from './style.ts';
import { wrap } from './words.ts';

/** Warnings, one sentence each. */
export function* warningLines(sentences: readonly string[], { paint, columns }: Style): Generator<string> {
  for (const sentence of sentences)
    for (const line of wrap(`warning: ${showBytes(sentence)}`, columns)) yield paint('warn', line);
}

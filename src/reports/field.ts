/** A line of a report that begins with the name of what it tells, broken where it is too long. */
import type { Style } from './style.ts';
import { wrap } from './words.ts';

export function* field(name: string, text: string, { paint, columns }: Style): Generator<string> {
  let label = name;
  for (const line of wrap(text, columns - 12)) {
    yield `  ${paint('faint', label.padEnd(8))}  ${line}`;
    label = '';
  }
}

/** What several rules ask of a file one after the other is worked out once. */
import type { FileView } from './rule.ts';

/** `look`, which remembers what it said of the file that it was asked about last. */
export function perView<T>(look: (view: FileView) => T): (view: FileView) => T {
  let last: { readonly view: FileView; readonly answer: T } | null = null;
  return (view) => {
    if (last?.view !== view) last = { view, answer: look(view) };
    return last.answer;
  };
}

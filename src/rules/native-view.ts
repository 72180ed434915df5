/** The places of a native file as rules ask for them: its headers are read once for all rules that look at it. */
import { nativePlaces, type NativePlace, type PlaceFinder } from '../formats/native-place.ts';
import type { FileView } from './rule.ts';

const FINDERS = new WeakMap<FileView, PlaceFinder | null>();

/** Where the bytes of a native file are; null for a file that is none. */
export function placesOf(view: FileView): ((offset: number) => NativePlace) | null {
  let finder = FINDERS.get(view);
  if (finder === undefined) {
    finder = nativePlaces(view, view.head);
    FINDERS.set(view, finder);
  }
  return finder;
}

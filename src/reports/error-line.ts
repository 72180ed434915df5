/** What an error says, on one line that a terminal can show. */
import { showControls } from '../formats/byte-text.ts';

/** The message with control characters and bytes that are not UTF-8 escaped. */
export function errorLine(error: Error): string {
  return showControls(error.message);
}

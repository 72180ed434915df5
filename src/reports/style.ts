/** How to write for a reader: colours, and the columns of the terminal (infinite where the output goes elsewhere). */
import type { Paint } from './paint.ts';

export interface Style {
  readonly paint: Paint;
  readonly columns: number;
}

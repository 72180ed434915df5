/** Colours, or none: a report asks for a meaning, the terminal gives the colour. */

export type Meaning = 'heading' | 'strong' | 'faint' | 'good' | 'warn' | 'bad' | 'code';

/** Paints a text; without colours it gives the text back. */
export type Paint = (meaning: Meaning, text: string) => string;

/** SGR parameters (ECMA-48 8.3.117): on and off. */
const SGR: Readonly<Record<Meaning, readonly [on: string, off: string]>> = {
  heading: ['1', '22'],
  strong: ['1', '22'],
  faint: ['2', '22'],
  good: ['32', '39'],
  warn: ['33', '39'],
  bad: ['31', '39'],
  code: ['36', '39'],
};

export const plainPaint: Paint = (_, text) => text;

export const colourPaint: Paint = (meaning, text) => {
  const [on, off] = SGR[meaning];
  return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
};

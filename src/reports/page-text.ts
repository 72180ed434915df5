/** A page of documentation on a terminal: Markdown as it is written, with headings and code to be told apart. */
import type { Paint } from './paint.ts';

/** The page line by line. Without colours nothing changes but the marks of headings. */
export function* pageText(markdown: string, paint: Paint): Generator<string> {
  let isCode = false;
  for (const line of markdown.trimEnd().split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    else if (isCode) yield `    ${paint('code', line)}`;
    else if (line.startsWith('#')) yield paint('heading', line.replace(/^#+ /, ''));
    else
      yield line.replaceAll(/`([^`]+)`/g, (_, code: string) =>
        paint('code', code) === code ? `\`${code}\`` : paint('code', code),
      );
  }
}

// Puts what was measured into the page, between its marks: figures are never typed by hand. Pure.
import { circumstances, commandList, comparisonTable, goalsTable, nodesTable } from './tables.js';

/** Which tables stand under which mark, by the beginnings of their names, in this order. */
const GROUPS = {
  scan: ['scan', 'prefixes-', 'cache'],
  small: ['hits-', 'growth-', 'venv-', 'start'],
  archives: ['pack', 'environment', 'install'],
  edits: ['fix', 'rpath'],
};

/**
 * The page with the tables of these results in the places that are marked for them. `other`: what was measured on another version of Node,
 * null where nothing was.
 * @throws where the page lacks a mark
 */
export function pageWith(page, results, other = null) {
  const parts = {
    circumstances: circumstances(results),
    goals: goalsTable(results.tables),
    'another node': other === null ? 'Not measured.' : `${circumstances(other)}\n\n${nodesTable(results, other)}`,
    ...Object.fromEntries(Object.entries(GROUPS).map(([name, starts]) => [name, tablesOf(results.tables, starts)])),
    commands: commandList(results.tables),
  };
  return Object.entries(parts).reduce((text, [name, part]) => replaceBetween(text, name, part), page);
}

function tablesOf(tables, starts) {
  const chosen = starts.flatMap((start) => tables.filter(({ id }) => id.startsWith(start)));
  return chosen.length === 0 ? 'Not measured.' : chosen.map(comparisonTable).join('\n\n');
}

function replaceBetween(text, name, part) {
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- bench: end of ${name} -->`];
  const [at, behind] = [text.indexOf(begin), text.indexOf(end)];
  if (at === -1 || behind < at) throw new Error(`the page has no marks for ${name}`);
  return `${text.slice(0, at + begin.length)}\n\n${part}\n\n${text.slice(behind)}`;
}

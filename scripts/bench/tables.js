// What was measured, as Markdown. Pure.
import { reachedGoals } from './goals.js';
import { summary } from './statistics.js';

const COLUMNS = ['', 'seconds', 'ratio', 'CPU s', 'CPU ratio', 'files/s', 'GB/s', 'MB peak'];

function markdownTable(head, rows, leftColumns = 1) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i < leftColumns ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** One comparison: its title, what it was run on, and a line for each contestant. Ratios are to the first. */
export function comparisonTable({ title, note, files, bytes, contestants }) {
  const first = contestants[0];
  const rows = contestants.map((contestant) => {
    const { elapsed, cpu, ratio, cpuRatio } = summary(contestant, first);
    return [
      contestant.name.replaceAll('|', '\\|'),
      elapsed.toFixed(elapsed < 1 ? 3 : 2),
      ratio.toFixed(2),
      cpu.toFixed(cpu < 1 ? 3 : 2),
      cpuRatio.toFixed(2),
      Math.round(files / elapsed).toLocaleString('en'),
      (bytes / elapsed / 1e9).toFixed(2),
      contestant.memory.toFixed(0),
    ];
  });
  const rounds = Math.max(...contestants.map(({ runs }) => runs.length));
  const size = `${files.toLocaleString('en')} files, ${sizeText(bytes)}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`;
  const text = note === undefined ? size : `${size} ${note}`;
  return `### ${title}\n\n${text}\n\n${markdownTable(COLUMNS, rows)}`;
}

function sizeText(bytes) {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

export function goalsTable(tables) {
  const rows = reachedGoals(tables).map(({ work, peer, most, value, reached }) => [
    work,
    peer,
    `<= ${most}`,
    valueText(value),
    reachedText(reached),
  ]);
  return markdownTable(['work', 'against', 'goal', 'measured', 'reached'], rows, 2);
}

/** The goals that were measured on another version of Node too, beside what they came to on the first. */
export function nodesTable(results, other) {
  const first = reachedGoals(results.tables);
  const rows = reachedGoals(other.tables).flatMap(({ work, peer, most, value, reached }, i) =>
    value === null
      ? []
      : [[work, peer, `<= ${most}`, valueText(first[i].value), valueText(value), reachedText(reached)]],
  );
  const [one, two] = [results, other].map(({ machine }) => `Node ${machine.node}`);
  return markdownTable(['work', 'against', 'goal', one, two, 'reached'], rows, 2);
}

function valueText(value) {
  return value === null ? '-' : value.toFixed(value >= 100 ? 0 : 2);
}

function reachedText(reached) {
  return reached === null ? 'not measured' : reached ? 'yes' : 'no';
}

/** The machine and its load, the corpus, how the run was made, and what could not run. */
export function circumstances({ machine, options, corpus, skipped, seconds }) {
  const { processors, model, memory, node, system, load } = machine;
  const busy = isBusy(machine) ? ': it had other things to do, so read ratios and CPU s' : '';
  const lines = [
    `- ${processors} processors (${model}), ${memory} GB, ${system}, Node ${node}; load at the start ${load.toFixed(1)}${busy}.`,
    ...(corpus === null
      ? []
      : [`- A corpus of ${corpus.files.toLocaleString('en')} files, ${sizeText(corpus.bytes)}.`]),
    `- Rounds: ${options.rounds}${options.quick ? ', `--quick`' : ''}, ${Math.round(seconds / 60)} minutes.`,
    ...skipped.map(({ what, why }) => `- Not run: ${what} (${why}).`),
  ];
  return lines.join('\n');
}

/** What each contestant was, to be repeated by hand. */
export function commandList(tables) {
  const lines = tables.flatMap(({ title, contestants }) => {
    const width = Math.max(...contestants.map(({ name }) => name.length));
    return [`# ${title}`, ...contestants.map(({ name, shown }) => `${name.padEnd(width)}  ${shown}`), ''];
  });
  return `\`\`\`\n${lines.join('\n').trimEnd()}\n\`\`\``;
}

/** Whether the machine has so much else to do that seconds say little. */
export function isBusy({ load, processors }) {
  return load > processors / 2;
}

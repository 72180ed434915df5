// Runs programs in turn and notes what each took. Whole processes, output to a file, the clock and the processor to the millisecond.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { peakOf } from './memory.js';
import { run } from './run.js';

/** bash's own clock around GNU time, which alone knows peak memory: $1 its note, $2 the output, $3 the clock's note. */
const CLOCK = `TIMEFORMAT='%3R %3U %3S'
{ time /usr/bin/time -q -o "$1" -f %M "\${@:4}" >"$2" 2>&4; } 4>&2 2>"$3"`;

/** One run, behind what has to be made ready for it. `elapsed` and `cpu` in seconds, `memory` in MB: of the largest process. */
async function runOnce({ command, prepare, after, exits = [0, 1] }, folder, onStart) {
  await prepare?.();
  const [memoryNote, output, clockNote] = ['memory', 'output', 'clock'].map((name) => join(folder, `.${name}`));
  await run(['bash', '-c', CLOCK, 'bash', memoryNote, output, clockNote, ...command], { exits, onStart });
  after?.();
  const [elapsed, user, system] = numbersIn(clockNote);
  return { elapsed, cpu: user + system, memory: numbersIn(memoryNote)[0] / 1024 };
}

function numbersIn(path) {
  return readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
}

/**
 * Runs contestants A B C A B C ... One round before is not timed: it warms the cache (`isWarm`: it is warm enough). In the first round the
 * memory of all processes of a contestant together is looked at, and `check` looks at what it made. One that is `slow` runs once, in the
 * first round that counts.
 * @returns for each its runs and its peak memory in MB
 */
export async function compare(contestants, { rounds, folder, isWarm }) {
  const results = contestants.map(({ name, shown }) => ({ name, shown, memory: 0, runs: [] }));
  const begin = isWarm ? 0 : -1;
  for (let round = begin; round < rounds; round++)
    for (const [i, contestant] of contestants.entries()) {
      const first = contestant.slow === true ? 0 : begin;
      if (contestant.slow === true && round !== first) continue;
      const watch = round === first ? peakOf() : null;
      const { elapsed, cpu, memory } = await runOnce(contestant, folder, watch?.start).finally(() => watch?.end());
      if (round === first) await contestant.check?.();
      const result = results[i];
      result.memory = Math.max(result.memory, memory, watch?.megabytes() ?? 0);
      if (round >= 0) result.runs.push({ elapsed, cpu });
    }
  return results;
}

/** The lines that a program prints, sorted; it may say no (1). Names need not be UTF-8. */
export async function linesOf(command) {
  const output = await run(command, { exits: [0, 1] });
  return output.toString('latin1').split('\n').filter(Boolean).sort();
}

// Runs programs in turn and says what each took. Whole processes, output to a file; medians, because machines have other things to do.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/** One run, behind what has to be made ready for it: seconds of the clock and of the processors, and peak memory in MB (GNU time). */
function runOnce({ command, prepare, exits = [0, 1] }, folder) {
  if (prepare !== undefined) outputOf(prepare);
  const output = openSync(`${folder}/output`, 'w');
  const notes = `${folder}/time`;
  const { status, error } = spawnSync('/usr/bin/time', ['-q', '-o', notes, '-f', '%e %U %S %M', ...command], {
    stdio: ['ignore', output, 'inherit'],
    cwd: '/',
  });
  closeSync(output);
  if (error) throw new Error(`GNU time is needed (apt-get install time): ${error.message}`);
  if (!exits.includes(status)) throw new Error(`${command.join(' ')} exited with ${status}`);
  const [elapsed, user, system, memory] = readFileSync(notes, 'utf8').trim().split(/\s+/).map(Number);
  return { elapsed, cpu: user + system, memory: memory / 1024 };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs contestants A B C A B C ... (one round before is not counted: it warms the cache). `ratio`: the median, over the rounds, of the time
 * against the first contestant's in the same round, so that what disturbs a round disturbs both.
 */
export function compare(contestants, rounds, folder) {
  const all = contestants.map(() => []);
  for (let round = -1; round < rounds; round++)
    contestants.forEach((contestant, i) => {
      const run = runOnce(contestant, folder);
      if (round >= 0) all[i].push(run);
    });
  return contestants.map(({ name }, i) => ({
    name,
    elapsed: median(all[i].map(({ elapsed }) => elapsed)),
    cpu: median(all[i].map(({ cpu }) => cpu)),
    memory: Math.max(...all[i].map(({ memory }) => memory)),
    ratio: median(all[i].map(({ elapsed }, round) => elapsed / all[0][round].elapsed)),
    cpuRatio: median(all[i].map(({ cpu }, round) => cpu / all[0][round].cpu)),
  }));
}

/** The output of a program that may say no (1). */
export function outputOf(command) {
  const [program, ...args] = command;
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: '/',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw new Error(`${program} is needed: ${error.message}`);
  if (status !== 0 && status !== 1) throw new Error(`${command.join(' ')} exited with ${status}`);
  return stdout;
}

/** A table in Markdown. */
export function table(title, results, { files, bytes }) {
  const rows = results.map(({ name, elapsed, cpu, memory, ratio, cpuRatio }) => [
    name,
    elapsed.toFixed(2),
    ratio.toFixed(2),
    cpu.toFixed(2),
    cpuRatio.toFixed(2),
    Math.round(files / elapsed).toLocaleString('en'),
    (bytes / elapsed / 1e9).toFixed(2),
    memory.toFixed(0),
  ]);
  const head = ['', 'seconds', 'ratio', 'CPU s', 'CPU ratio', 'files/s', 'GB/s', 'MB peak'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [`\n### ${title}\n`, line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

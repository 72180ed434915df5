/** The program keeps its heap small: V8 heeds what bin/relocate.js says on the calling thread too, whatever threads start. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// what survives makes V8 grow the space for new objects, in steps where nothing is said
const PROGRAM = `
import { createRequire } from 'node:module';
import { getHeapSpaceStatistics } from 'node:v8';
const { AnsweringWorker } = await import('./dist/io/answering-worker.js');
const [rounds, choice] = process.argv.slice(1);
if (choice === 'as the program') {
  process.argv.splice(1, Infinity, 'relocate', '--version');
  createRequire(process.cwd() + '/')('./bin/relocate.js');
}
const echo = 'import { parentPort as p } from "node:worker_threads"; p.on("message", (job) => p.postMessage(job));';
const worker = new AnsweringWorker(new URL('data:text/javascript,' + encodeURIComponent(echo)), null);
await worker.run('started');
// the most: V8 gives it back where the machine is so busy that hardly anything is made
let most = 0;
for (let round = 0; round < Number(rounds); round++) {
  const kept = [];
  for (let i = 0; i < 40_000; i++) kept.push({ i, list: [i] });
  most = Math.max(most, getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
}
await worker.stop();
console.log(most);
`;

function newSpaceAfter(rounds: number, ...choice: readonly string[]): number {
  const root = new URL('..', import.meta.url);
  const words = ['--input-type=module', '-e', PROGRAM, String(rounds), ...choice];
  return Number(execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1));
}

// later versions are not told: it costs them more than it saves
test.runIf(process.versions.v8.startsWith('11.'))(
  'new objects of the calling thread have the same space after little work and after much',
  () => {
    expect(newSpaceAfter(2, 'as the program')).toBe(newSpaceAfter(60, 'as the program'));
    expect(newSpaceAfter(2)).toBeLessThan(newSpaceAfter(60));
  },
);

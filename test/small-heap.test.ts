/** A program that keeps its heap small: V8 heeds it on the calling thread too, whatever threads start. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// what survives makes V8 grow the space for new objects: to 32 MB and more where nothing is said
const PROGRAM = `
import { getHeapSpaceStatistics } from 'node:v8';
const { AnsweringWorker } = await import('./dist/io/answering-worker.js');
if (process.argv[1] === 'small') (await import('./dist/io/small-heap.js')).keepHeapSmall();
const echo = 'import { parentPort as p } from "node:worker_threads"; p.on("message", (job) => p.postMessage(job));';
const worker = new AnsweringWorker(new URL('data:text/javascript,' + encodeURIComponent(echo)), null);
await worker.run('started');
let kept = [];
for (let i = 0; i < 1e6; i++) {
  kept.push({ i, list: [i] });
  if (i % 200_000 === 0) kept = [];
}
await worker.stop();
console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
`;

function newSpaceOf(...choice: readonly string[]): number {
  const root = new URL('..', import.meta.url);
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, ...choice], { cwd: root }));
}

test('the space for new objects of the calling thread does not grow where a program asks for it', () => {
  const most = 16 * 1024 * 1024;
  expect(newSpaceOf('small')).toBeLessThan(most);
  expect(newSpaceOf()).toBeGreaterThan(most);
});

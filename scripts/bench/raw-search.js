// The search of a scan and nothing else: node raw-search.js list|count|read <tree> <prefix>... Two threads; the calling one walks and helps.
// `list` prints the files that hold a prefix as it is written; `count` counts them; `read` reads every file and searches nothing (the floor).
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { compileNeedles } from '../../dist/formats/needles.js';
import { fill } from '../../dist/io/fill.js';
import { searchKernel } from '../../dist/io/search-kernel.js';

const BATCH = 256;
const AHEAD = 3;
const BUFFER = 1024 * 1024;

function searcher([mode, , ...prefixes]) {
  const needles = compileNeedles(
    prefixes.map((path) => ({ path, base: '' })),
    'plain',
  );
  const kernel = searchKernel(needles, BUFFER);
  const { buffer } = kernel;
  const reach = needles.needles[0].bytes.length - 1;
  const holds = (path) => {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (let at = 0; ; at += buffer.length - reach) {
        const filled = fill(file, buffer, at);
        if (mode !== 'read' && kernel.find(filled).length > 0) return true;
        if (filled < buffer.length) return false;
      }
    } finally {
      closeSync(file);
    }
  };
  return (batch) => batch.filter(holds);
}

async function search(args) {
  const [mode, tree] = args;
  const here = searcher(args);
  const found = [];
  const threads = Array.from({ length: availableParallelism() - 1 }, () => {
    const thread = { worker: new Worker(fileURLToPath(import.meta.url), { workerData: args }), batches: 0 };
    thread.worker.on('message', (paths) => {
      thread.batches--;
      found.push(...paths);
      heard();
    });
    return thread;
  });
  const breathe = () => new Promise((resolve) => setImmediate(resolve));
  let heard = () => {};
  const submit = async (batch) => {
    const thread = threads.find(({ batches }) => batches < AHEAD);
    if (thread === undefined) found.push(...here(batch));
    else {
      thread.batches++;
      thread.worker.postMessage(batch);
    }
    await breathe();
  };
  let batch = [];
  for (const folders = [tree]; folders.length > 0;) {
    const folder = folders.pop();
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && batch.push(path) === BATCH) {
        await submit(batch);
        batch = [];
      }
    }
  }
  await submit(batch);
  while (threads.some(({ batches }) => batches > 0)) await new Promise((resolve) => (heard = resolve));
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
  process.stdout.write(mode === 'list' ? found.map((path) => `${path}\n`).join('') : `${found.length}\n`);
}

if (isMainThread) await search(process.argv.slice(2));
else {
  const here = searcher(workerData);
  parentPort.on('message', (batch) => parentPort.postMessage(here(batch)));
}

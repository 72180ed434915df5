/** The scan's worker thread: takes batches of files, answers with what was found in them. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Ahead } from './answering-worker.ts';
import { scanBatch } from './file-scan.ts';
import { LARGE_FILE, scanTools, type ScanSettings, type WrittenAnswer } from './scan-pool.ts';
import type { RowsPart, ToldBatch } from './scan-tasks.ts';

// what scan-pool.ts passed in
const settings = workerData as ScanSettings;
// where every file is hashed, a file is read from its start to its end by one thread
const tools = scanTools(settings, settings.digests === 'all' ? Infinity : LARGE_FILE);

function sendPart(part: RowsPart): void {
  parentPort?.postMessage({ part } satisfies Ahead<RowsPart>);
}

parentPort?.on('message', (batch: ToldBatch) => {
  const { rows, ...rest } = scanBatch(tools, batch, sendPart);
  // as JSON: many small objects are taken apart and put together more quickly so than by a structured clone
  const answer: WrittenAnswer = { text: JSON.stringify(rest), rows };
  parentPort?.postMessage(answer, rows === null ? [] : [rows.buffer as ArrayBuffer]);
});

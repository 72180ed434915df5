/** The scan's worker thread: takes batches of files, answers with what was found in them. */
import { parentPort, workerData } from 'node:worker_threads';
import { scanBatch } from './file-scan.ts';
import { LARGE_FILE, scanTools, type ScanSettings } from './scan-pool.ts';
import type { ScanTask } from './scan-tasks.ts';

// what scan-pool.ts passed in
const settings = workerData as ScanSettings;
// where every file is hashed, a file is read from its start to its end by one thread
const tools = scanTools(settings, settings.digests === 'all' ? Infinity : LARGE_FILE);

// as JSON: many small objects are taken apart and put together more quickly so than by a structured clone
parentPort?.on('message', (batch: readonly ScanTask[]) =>
  parentPort?.postMessage(JSON.stringify(scanBatch(tools, batch))),
);

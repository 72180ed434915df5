/** The scan's worker thread: takes batches of files, answers with what was found in them. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FileTask } from './file-scan.ts';
import { scanBatch, scannerFor, type ScanSettings } from './scan-pool.ts';

// what scan-pool.ts passed in
const scanner = scannerFor(workerData as ScanSettings);

parentPort?.on('message', (batch: readonly FileTask[]) => parentPort?.postMessage(scanBatch(scanner, batch)));

/** A thread that writes new files of a run: takes batches, answers each with what it wrote. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Run } from './journal.ts';
import { writeBatch, type FileTask } from './stage-batch.ts';

// what stage-pool.ts passed in
const run = workerData as Run;

parentPort?.on('message', (batch: readonly FileTask[]) => parentPort?.postMessage(writeBatch(run, batch)));

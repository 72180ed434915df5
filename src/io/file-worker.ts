/** The program of a file thread: takes jobs, answers with what came of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { FileJobs } from './file-jobs.ts';
import type { FileJob, FileSettings } from './file-tasks.ts';

// what file-threads.ts passed in
const jobs = new FileJobs(workerData as FileSettings);

// a job that has to wait (for a codec that is being loaded) is waited for: they are done in their order
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (job: FileJob) => {
  last = last.then(async () => parentPort?.postMessage(await jobs.do(job)));
});

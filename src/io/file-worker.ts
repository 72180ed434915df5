/** The program of a file thread: takes jobs, answers with what came of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { FileJobs } from './file-jobs.ts';
import type { FileJob, FileSettings } from './file-tasks.ts';

// what file-threads.ts passed in
const jobs = new FileJobs(workerData as FileSettings);

parentPort?.on('message', (job: FileJob) => parentPort?.postMessage(jobs.do(job)));

/** The thread that helps to check whether a tree is what a cache knows: the cache's rows first, then folders. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkShare, type CheckShare } from './tree-check.ts';

// what tree-check.ts passed in
parentPort?.postMessage(checkShare(workerData as CheckShare));

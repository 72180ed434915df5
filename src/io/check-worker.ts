/** The thread that helps to check whether a tree is what a cache knows: the cache's bytes first, then folders. */
import { parentPort } from 'node:worker_threads';
import { checkShare, type CheckShare } from './tree-check.ts';

parentPort?.on('message', (share: CheckShare) => parentPort?.postMessage(checkShare(share)));

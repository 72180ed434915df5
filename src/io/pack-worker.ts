/** The pack's worker thread: takes what is to stand in a frame, answers with the frame as it stands in the file. */
import { parentPort, workerData } from 'node:worker_threads';
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { FrameMaker } from './frame-maker.ts';
import type { FrameSettings, PackAnswer, PackJob } from './frame-tasks.ts';

// what frame-pool.ts passed in
const making = FrameMaker.with(workerData as FrameSettings);

parentPort?.on('message', (job: PackJob) => void answer(job));

async function answer(job: PackJob): Promise<void> {
  const made = answerTo(await making, job);
  parentPort?.postMessage(made, made.kind === 'frame' ? [made.frame.bytes.buffer as ArrayBuffer] : []);
}

/** Errors that a caller can tell apart lose their class on the way; others end the thread, and are thrown as they are. */
function answerTo(maker: FrameMaker, job: PackJob): PackAnswer {
  try {
    if (job.kind === 'frame') return { kind: 'frame', frame: maker.make(job.task, job.room) };
    return { kind: 'measured', measured: job.sources.map((source) => maker.measure(source)) };
  } catch (error) {
    if (error instanceof StalePlanError) return { kind: 'stale-plan', message: error.message };
    if (error instanceof ArchiveError) return { kind: 'archive', rule: error.rule, message: error.message };
    throw error;
  }
}

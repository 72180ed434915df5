/** The pack's worker thread: takes what is to stand in a frame, answers with the frame as it stands in the file. */
import { parentPort, workerData } from 'node:worker_threads';
import { ArchiveError, StalePlanError } from '../model/errors.ts';
import { FrameMaker } from './frame-maker.ts';
import type { FrameAnswer, FrameSettings, FrameTask } from './frame-tasks.ts';

// what frame-pool.ts passed in
const making = FrameMaker.with(workerData as FrameSettings);

parentPort?.on('message', (task: FrameTask) => void answer(task));

async function answer(task: FrameTask): Promise<void> {
  const made = answerTo(await making, task);
  parentPort?.postMessage(made, made.kind === 'frame' ? [made.frame.bytes.buffer as ArrayBuffer] : []);
}

/** Errors that a caller can tell apart lose their class on the way; others end the thread, and are thrown as they are. */
function answerTo(maker: FrameMaker, task: FrameTask): FrameAnswer {
  try {
    return { kind: 'frame', frame: maker.make(task) };
  } catch (error) {
    if (error instanceof StalePlanError) return { kind: 'stale-plan', message: error.message };
    if (error instanceof ArchiveError) return { kind: 'archive', rule: error.rule, message: error.message };
    throw error;
  }
}

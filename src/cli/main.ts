/** The program `relocate`. */
import { runProgram } from './program.ts';

/** Settled when all is done; scripts/code-cache.js waits for it. */
export const done: Promise<void> = main();

async function main(): Promise<void> {
  process.exitCode = await runProgram(process.argv.slice(2));
}

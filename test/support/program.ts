/** The program in the process of the test: a node takes a third of a second to start, which many short runs can do without. */
import { runProgram } from '../../src/cli/program.ts';
import type { Ran } from './cli.ts';

/** Runs the words of a command line; what it would print, and its exit code. */
export async function relocateHere(words: readonly string[]): Promise<Ran> {
  const stdout = caught(process.stdout);
  const stderr = caught(process.stderr);
  try {
    const status = await runProgram(words);
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.release();
    stderr.release();
  }
}

interface Caught {
  text(): string;
  release(): void;
}

/** Keeps what is written to a stream, until it is released. */
function caught(stream: NodeJS.WriteStream): Caught {
  const chunks: string[] = [];
  const { write } = stream;
  const listeners = stream.listeners('error');
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    chunks.push(String(chunk));
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  };
  return {
    text: () => chunks.join(''),
    release: () => {
      stream.write = write;
      for (const listener of stream.listeners('error'))
        if (!listeners.includes(listener)) stream.off('error', listener as (error: Error) => void);
    },
  };
}

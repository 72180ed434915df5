/** Runs a tool of the host (`cp`, `tar`, `sync`) on many files at once, where Node has no call that does the same. */
import { spawn } from 'node:child_process';
import { encodeBytes } from '../formats/byte-text.ts';
import type { AbsolutePath } from '../model/path.ts';

export interface ToolOutcome {
  readonly ok: boolean;
  readonly output: string;
  /** What it said on stderr, or why it could not be run. */
  readonly message: string;
}

/** Enters the folder that `$0` names with `printf` escapes: it may have a name that no JavaScript string can hold. */
const ENTER = 'folder=$(printf %bx "$0") && cd "${folder%x}" && exec "$@"';

/**
 * Runs a tool in a folder and waits for its end; a tool that the host lacks gives an outcome that is not ok. It runs in a session of
 * its own: Ctrl-C is for relocate, which then takes back what it did. Messages are in English.
 */
export async function runTool(folder: AbsolutePath, command: readonly string[], input?: Buffer): Promise<ToolOutcome> {
  const child = spawn('sh', ['-c', ENTER, printfEscapes(encodeBytes(folder)), ...command], {
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  // a tool that ends before it has read its input says why by its status
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return await new Promise((resolve) => {
    const settle = (ok: boolean, message: string): void =>
      resolve({ ok, message, output: Buffer.concat(output).toString('latin1') });
    child.on('error', (error) => settle(false, error.message));
    child.on('close', (status) => settle(status === 0, Buffer.concat(said).toString('utf8').trim()));
  });
}

/** Every byte that is not plain as `\0ooo`, which POSIX `printf %b` turns back. */
function printfEscapes(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9/._-]/.test(char) ? char : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return text;
}

// Runs programs so that a signal ends the benchmark in order: each has a process group of its own, which goes with it.
import { spawn, spawnSync } from 'node:child_process';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort(new Stopped(signal)));

/** A signal ended the benchmark. */
export class Stopped extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.exitCode = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal];
  }
}

/**
 * Runs a program to its end. `exits`: the codes that are no failure; `onStart` is given its process id.
 * @returns what it printed, where `output` is not set to a descriptor
 */
export async function run(command, { exits = [0], cwd = '/', output = 'pipe', errors = 'inherit', onStart } = {}) {
  await breathe();
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd, stdio: ['ignore', output, errors], detached: true });
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  };
  stop.signal.addEventListener('abort', end);
  try {
    const pieces = [];
    child.stdout?.on('data', (piece) => pieces.push(piece));
    const status = await new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new Error(`${program} is needed: ${error.message}`)));
      child.on('spawn', () => onStart?.(child.pid));
      child.on('close', (code, signal) => resolve(code ?? signal));
    });
    stop.signal.throwIfAborted();
    if (!exits.includes(status)) throw new Error(`${command.join(' ')} exited with ${status}`);
    return Buffer.concat(pieces);
  } finally {
    stop.signal.removeEventListener('abort', end);
  }
}

/** Lets a signal be heard between long stretches of work of our own. */
export async function breathe() {
  await new Promise((resolve) => setImmediate(resolve));
  stop.signal.throwIfAborted();
}

/** Whether the host has a program of this name. */
export function has(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

/** A temporary folder in which the demo builds, moves and runs a site. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file or, with `target`, a symlink to make; the path is relative. */
export type Piece =
  | { readonly path: string; readonly text: string; readonly executable?: boolean }
  | { readonly path: string; readonly target: string };

export interface Ran {
  readonly ok: boolean;
  /** What it printed, stdout and stderr. */
  readonly output: string;
}

/** Makes an empty temporary folder; its real path. */
export function makeWorkbench(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'relocate-demo-')));
}

/** Writes files and links, and the folders they need. */
export function writePieces(folder: string, pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    const place = join(folder, piece.path);
    mkdirSync(dirname(place), { recursive: true });
    if ('target' in piece) symlinkSync(piece.target, place);
    else writeFileSync(place, piece.text);
    if ('text' in piece && piece.executable === true) chmodSync(place, 0o755);
  }
}

/** Moves a folder; the folders above its new place are made. */
export function moveFolder(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

/** Makes a folder and those above it. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a program with nothing in the environment but PATH, and waits for its end. A program that is not there is not ok. */
export async function runProgram(program: string, args: readonly string[]): Promise<Ran> {
  return await new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '' }, cwd: '/', timeout: 60_000 };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() });
    });
  });
}

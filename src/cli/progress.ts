/** The progress line on stderr: only on a terminal, only for what takes over a second, gone before anything else is printed. */
import { bytes, count } from '../reports/words.ts';

export interface Done {
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles?: number;
  readonly totalBytes?: number;
}

export interface Progress {
  update(done: Done): void;
  /** Takes the line away. */
  clear(): void;
}

const PATIENCE = 1000;
const INTERVAL = 100;
const BAR = 24;

interface Screen {
  readonly columns?: number;
  write(text: string): unknown;
}

/** Nothing at all. */
export const NO_PROGRESS: Progress = { update: () => {}, clear: () => {} };

/** A progress line on a terminal. `label` is what is being done: `scanning`. */
export function progressLine(screen: Screen, label: string, now: () => number = () => performance.now()): Progress {
  const begun = now();
  let drawn: number | null = null;
  return {
    update(done) {
      const time = now();
      if (time - begun < PATIENCE || (drawn !== null && time - drawn < INTERVAL)) return;
      drawn = time;
      screen.write(
        `\r${progressText(label, done, (time - begun) / 1000).slice(0, (screen.columns ?? 80) - 1)}\u001b[K`,
      );
    },
    clear() {
      if (drawn !== null) screen.write('\r\u001b[K');
      drawn = null;
    },
  };
}

function progressText(label: string, done: Done, seconds: number): string {
  const share = shareOf(done);
  const files =
    done.totalFiles === undefined
      ? count(done.files)
      : `${count(Math.min(done.files, done.totalFiles))} of ${count(done.totalFiles)}`;
  const text = `${label}  ${files} files, ${bytes(done.bytes)}, ${Math.floor(seconds)} s`;
  if (share === null) return text;
  const filled = Math.round(share * BAR);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${String(Math.floor(share * 100)).padStart(3)}%  ${text}`;
}

/** How much is done, 0 to 1; null where the whole is not known. */
function shareOf({ files, bytes: done, totalFiles, totalBytes }: Done): number | null {
  if (totalBytes !== undefined && totalBytes > 0) return Math.min(1, done / totalBytes);
  return totalFiles !== undefined && totalFiles > 0 ? Math.min(1, files / totalFiles) : null;
}

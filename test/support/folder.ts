/** A temporary folder for one test, removed with all that is in it whatever its modes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes the folder; its real path. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'relocate-test-')));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true });
  } catch {
    // folders without permissions, or nested deeper than a path may be long
    execFileSync('chmod', ['-R', 'u+rwX', folder], { stdio: 'ignore' });
    execFileSync('rm', ['-rf', folder]);
  }
}

/** Writes files, by their paths below a folder; folders are made. */
export function writeTree(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

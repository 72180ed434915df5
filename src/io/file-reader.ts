/** Reads the files of a tree, each once: its digest, and how often it names a place where the tree is not any more. */
import { createHash, hash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { judgeHits, type Hit, type Needles } from '../formats/needles.ts';
import { originNeedles } from '../formats/origin-needles.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { errorCode } from './entries.ts';
import { searchWindows, withFile } from './file-read.ts';
import type { FileContent, FileSettings } from './file-tasks.ts';
import { fill } from './fill.ts';
import { searchKernel, type SearchKernel } from './search-kernel.ts';

/** What is read at a time. */
const BUFFER = 1024 * 1024;

export class FileReader {
  readonly #root: AbsolutePath;
  readonly #needles: Needles;
  readonly #kernel: SearchKernel;
  readonly #here: ReadonlySet<AbsolutePath>;

  constructor({ root, prefixes, here }: FileSettings) {
    this.#root = root;
    this.#here = new Set(here);
    this.#needles = originNeedles(prefixes);
    const { behind, ahead } = this.#needles.margin;
    this.#kernel = searchKernel(this.#needles, Math.max(BUFFER, 4 * (behind + ahead)));
  }

  read(path: TreePath): FileContent {
    try {
      return withFile(this.#root, path, (descriptor) => ({ path, ...this.#contentOf(descriptor) }));
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      return { path, unreadable: errorCode(error) };
    }
  }

  #contentOf(descriptor: number): { readonly size: number; readonly digest: string; readonly traces: number } {
    const { buffer } = this.#kernel;
    const size = fill(descriptor, buffer, 0, fstatSync(descriptor).size);
    if (size < buffer.length) {
      const bytes = buffer.subarray(0, size);
      const hits = judgeHits(bytes, this.#needles, this.#kernel.find(size));
      return { size, digest: hash('sha256', bytes), traces: this.#tracesIn(hits) };
    }
    const digest = createHash('sha256');
    let traces = 0;
    const all = { from: 0, to: Infinity };
    const end = searchWindows(descriptor, this.#kernel, this.#needles, all, {
      hits: (found) => void (traces += this.#tracesIn(found)),
      bytes: (bytes) => void digest.update(bytes),
    });
    return { size: end, digest: digest.digest('hex'), traces };
  }

  #tracesIn(hits: readonly Hit[]): number {
    return hits.filter(({ prefix }) => !this.#here.has(prefix.path)).length;
  }
}

/** What a walk has just seen of a batch's files and of the folders around them: rules that ask for it need not look at the disk again. */
import { isWithin, type TreePath } from '../model/path.ts';
import type { RuleContext } from '../rules/rule.ts';
import type { Batch, ScanTask, ToldBatch } from './scan-tasks.ts';

export class BatchFiles {
  #tasks: readonly ScanTask[] = [];
  #marked: Batch['marked'] = null;
  /** Made when it is asked for: in many batches nothing is found. */
  #paths: ReadonlySet<ScanTask> | null = null;

  /** From now on it is this batch. */
  begin({ tasks, marked }: ToldBatch): void {
    this.#tasks = tasks;
    this.#marked = marked;
    this.#paths = null;
  }

  /** The file that is scanned now; empty where it is none of the walk's. */
  current: TreePath | '' = '';

  has(path: TreePath): boolean {
    this.#paths ??= new Set(this.#tasks);
    return this.#paths.has(path);
  }

  /** As a rule's context has it. */
  markedAround(path: TreePath): readonly TreePath[] | null {
    if (this.#marked === null || path !== this.current) return null;
    if (this.#marked.length === 0) return this.#marked;
    const around = this.#marked.filter((folder) => isWithin(path, folder));
    return around.length < 2 ? around : around.sort((a, b) => b.length - a.length);
  }
}

/** A context that asks the disk nothing of a batch's files. Nor is that noted for a cache: the walk sees it. */
export function knowingFiles(context: RuleContext, files: BatchFiles): RuleContext {
  return {
    ...context,
    typeOf: (path) => (files.has(path) ? 'file' : context.typeOf(path)),
    resolvedTypeOf: (path) => (files.has(path) ? 'file' : context.resolvedTypeOf(path)),
    markedAround: (path) => files.markedAround(path),
  };
}

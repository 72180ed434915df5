/** Finds what depends on files that may change, where only a report is wanted: with memory for what really depends, not for all files. */
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import { byteCodeOf, isByteCode, isRecord } from '../rules/dependents.ts';
import type { RuleContext } from '../rules/rule.ts';
import { findDependents, unreadableLists, type Changing } from './dependents.ts';
import type { TreeTally } from './tree-tally.ts';

export interface FoundDependents {
  /** Byte code of sources that may change. */
  readonly compiled: ReadonlySet<TreePath>;
  /** What is to be said of lists of digests. */
  readonly references: readonly { readonly reference: Reference; readonly key: number }[];
}

/** Names that are remembered of files that may change and are no byte code: with more, the rows are read again for them. */
const REMEMBERED = 1000;

export class RowDependents {
  readonly #context: RuleContext;
  /** Files that may change and have byte code. */
  readonly #sources = new Set<TreePath>();
  /** Other names of files that may change. */
  readonly #otherNames = new Set<TreePath>();
  /** First names of files that may change and are no byte code, which lists seldom name; null once they are too many. */
  #remembered: Set<TreePath> | null = new Set();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** A file that an edit may change; told of under the first of its names. */
  addEditable(names: readonly TreePath[]): void {
    for (const [index, name] of names.entries()) {
      if (index > 0) this.#otherNames.add(name);
      else if (!isByteCode(name)) this.#remember(name);
      if (byteCodeOf(name, this.#context.namesIn).length > 0) this.#sources.add(name);
    }
  }

  addOtherName(name: TreePath): void {
    this.addEditable([name, name]);
  }

  /** `editable`: the files that may change, under their first names; asked for only where a list names one that is not remembered. */
  find({ digestLists, hasFolderLinks }: TreeTally, editable: Iterable<TreePath>): FoundDependents {
    const keyOf = new Map(digestLists.map(({ path, key }) => [path, key]));
    const lists = digestLists.map(({ path }) => path);
    // rows of RECORD matter to a plan alone
    const checksums = lists.filter((list) => !isRecord(list));
    const changing = this.#changing(editable);
    const { dependents, references } = findDependents(
      checksums,
      this.#sources,
      changing,
      this.#context,
      hasFolderLinks,
    );
    const unread = unreadableLists(lists.filter(isRecord), this.#context);
    return {
      compiled: new Set(dependents.flatMap(({ kind, file }) => (kind === 'byte-code' ? [file] : []))),
      references: [...references, ...unread].map((reference) => ({ reference, key: keyOf.get(reference.file) ?? 0 })),
    };
  }

  #remember(name: TreePath): void {
    if (this.#remembered === null) return;
    this.#remembered.add(name);
    if (this.#remembered.size > REMEMBERED) this.#remembered = null;
  }

  /** All are held only where it takes them to answer. */
  #changing(editable: Iterable<TreePath>): Changing {
    let all: Set<TreePath> | null = null;
    const isToldOf = (name: TreePath): boolean => {
      if (this.#remembered !== null && !isByteCode(name)) return this.#remembered.has(name);
      all ??= new Set(editable);
      return all.has(name);
    };
    return { has: (name) => this.#otherNames.has(name) || isToldOf(name) };
  }
}

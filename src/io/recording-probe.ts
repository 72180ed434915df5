/**
 * Answers rules as tree-probe.ts does, and notes what was asked of places that a walk of the tree does not see: the host, what lies
 * behind a symlink, what is left out. Whether all of it is answered the same later tells whether the rules would say the same.
 */
import { hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { isOwnRecord } from '../model/own-records.ts';
import { dirName, resolveInTree, type TreePath } from '../model/path.ts';
import type { RuleContext } from '../rules/rule.ts';

type Ask =
  | 'typeOf'
  | 'resolvedTypeOf'
  | 'realPath'
  | 'linkTarget'
  | 'namesIn'
  | 'peek'
  | 'hostTypeOf'
  | 'hostRealPath'
  | 'xzCodec';

/** A question, and its answer or the digest of it. Plain JSON: it crosses threads and is kept. */
export interface Asked {
  readonly ask: Ask;
  readonly path: string;
  /** Of `peek`. */
  readonly limit: number;
  readonly answer: string | null;
  /** Set where a walk sees the answer, unless it leaves the path out. */
  readonly isSeen?: true;
}

/** What is noted: what no walk sees, or everything, where a walk leaves paths out. */
export type Noting = 'unseen' | 'all';

export interface RecordingProbe {
  readonly context: RuleContext;
  /** What was asked since it was called last. */
  takeAsked(): Asked[];
}

/** Asks again. */
export function answerTo({ ask, path, limit }: Asked, context: RuleContext): string | null {
  const place = path as TreePath;
  switch (ask) {
    case 'typeOf':
    case 'resolvedTypeOf':
    case 'realPath':
    case 'linkTarget':
      return context[ask](place);
    case 'hostTypeOf':
    case 'hostRealPath':
      return context[ask](path);
    case 'namesIn':
      return digestOf(context.namesIn(place).join('/'));
    case 'peek':
      return digestOf(context.peek(place, limit));
    case 'xzCodec':
      return toldOfCodec(context.xzCodec());
  }
}

/** Notes what is asked of a context. */
export function recordingProbe(inner: RuleContext, noting: Noting): RecordingProbe {
  const notes = new Notes(inner, noting);
  const { ofTree, ofHost } = notes;
  const { tree, prefixes, options, finder, marshalStrings, markedAround } = inner;
  // each by its name: a new question is noted, or it is said here that it asks nothing of the disk
  const context: RuleContext = {
    tree,
    prefixes,
    options,
    finder,
    marshalStrings,
    markedAround,
    typeOf: (path) => ofTree('typeOf', path, false, inner.typeOf(path), asIs),
    resolvedTypeOf: (path) => ofTree('resolvedTypeOf', path, true, inner.resolvedTypeOf(path), asIs),
    realPath: (path) => ofTree('realPath', path, true, inner.realPath(path), asIs),
    linkTarget: (path) => ofTree('linkTarget', path, false, inner.linkTarget(path), asIs),
    namesIn: (path) => ofTree('namesIn', path, true, inner.namesIn(path), (names) => digestOf(names.join('/'))),
    peek: (path, limit) => ofTree('peek', path, true, inner.peek(path, limit), digestOf, limit),
    hostTypeOf: (path) => ofHost('hostTypeOf', path, inner.hostTypeOf(path), asIs),
    hostRealPath: (path) => ofHost('hostRealPath', path, inner.hostRealPath(path), asIs),
    xzCodec: () => ofHost('xzCodec', '', inner.xzCodec(), toldOfCodec),
  };
  return { context, takeAsked: () => notes.take() };
}

class Notes {
  readonly #noting: Noting;
  readonly #isSeen: (path: TreePath, follows: boolean) => boolean;
  readonly #known = new Set<string>();
  #asked: Asked[] = [];

  constructor(context: RuleContext, noting: Noting) {
    this.#noting = noting;
    this.#isSeen = seenBy(context);
  }

  take(): Asked[] {
    const taken = this.#asked;
    this.#asked = [];
    return taken;
  }

  /** Notes a question about the tree, where it is one to note, and gives its answer on. `follows`: a symlink at the path counts. */
  readonly ofTree = <A>(
    ask: Ask,
    path: TreePath,
    follows: boolean,
    answer: A,
    told: (answer: A) => string | null,
    limit = 0,
  ): A => {
    const isSeen = this.#isSeen(path, follows);
    if (!isSeen || this.#noting === 'all')
      this.#note({ ask, path, limit, ...(isSeen ? { isSeen } : {}) }, () => told(answer));
    return answer;
  };

  readonly ofHost = <A>(ask: Ask, path: string, answer: A, told: (answer: A) => string | null): A => {
    this.#note({ ask, path, limit: 0 }, () => told(answer));
    return answer;
  };

  /** Once for each question. */
  #note(question: Omit<Asked, 'answer'>, told: () => string | null): void {
    const key = keyOfQuestion(question);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#asked.push({ ...question, answer: told() });
  }
}

/** The same for the same question. */
export function keyOfQuestion({ ask, limit, path }: Omit<Asked, 'answer'>): string {
  return `${ask} ${limit} ${path}`;
}

/** Whether a walk that leaves nothing out sees what a path is: no symlink on the way to it, nor, where it is followed, at its end. */
function seenBy(context: RuleContext): (path: TreePath, follows: boolean) => boolean {
  const known = new Map<TreePath, boolean>([['' as TreePath, true]]);
  const isWalked = (folder: TreePath): boolean => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const is = isWalked(dirName(folder)) && !isOwnRecord(folder) && context.typeOf(folder) !== 'symlink';
    known.set(folder, is);
    return is;
  };
  return (path, follows) =>
    resolveInTree('' as TreePath, path) === path &&
    isWalked(dirName(path)) &&
    !isOwnRecord(path) &&
    !(follows && context.typeOf(path) === 'symlink');
}

function asIs(answer: string | null): string | null {
  return answer;
}

function toldOfCodec(codec: object | null): string | null {
  return codec === null ? null : 'there';
}

function digestOf(bytes: Buffer | string | null): string | null {
  if (bytes === null) return null;
  return hash('sha256', typeof bytes === 'string' ? encodeBytes(bytes) : bytes);
}

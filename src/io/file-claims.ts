/** What is told of a file that was searched: the rules claim its hits, and what else there is to know of it is put beside. */
import { createHash, hash } from 'node:crypto';
import { signatureOf } from '../formats/code-signature.ts';
import { isMachO } from '../formats/macho.ts';
import type { Place } from '../formats/needles.ts';
import type { HitList } from '../formats/packed-hits.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import { claimFile, claimsEachAlone } from '../rules/claiming.ts';
import { WHOLE_FILE_LIMIT, type FileView, type RuleContext } from '../rules/rule.ts';
import { changeSince } from './file-read.ts';
import { regionView, wholeView } from './file-view.ts';
import { fill } from './fill.ts';
import type { FileFinding, SeenFile } from './scan-tasks.ts';

/** What is told of files: a digest of all, of those with references, or of none. */
export type Digests = 'all' | 'referring' | 'none';

/** An open file that was searched. */
export interface Searched {
  readonly path: TreePath;
  /** Its other names, and symlinks that lead to it, as far as they are known. */
  readonly aliases: readonly TreePath[];
  readonly links: readonly TreePath[];
  readonly descriptor: number;
  /** What it was before it was read. */
  readonly was: SeenFile;
  readonly mode: number;
  /** Bytes that were read. */
  readonly read: number;
  readonly head: Buffer;
  readonly hits: HitList;
  /** Where prefixes stand as they are; null where that was not asked, or the file is not in the buffer. */
  readonly places: readonly Place[] | null;
  /** Its only reference, where that could be told at once: then there are no hits for the rules. */
  readonly only: Reference | null;
  /** All of it, where it is in the buffer. */
  readonly bytes: Buffer | null;
  readonly digest: string | null;
}

/** What the rules make of a file. */
export interface Claimed extends Pick<FileFinding, 'references' | 'sealed'> {
  /** Set where a rule asked which symlinks lead to the file. */
  readonly asksLinks?: boolean;
  /** Set where the references were told part by part. */
  readonly isTold?: boolean;
}

/** Takes some of a file's references, which stand behind those before. */
export type OnReferences = (references: readonly Reference[]) => void;

/** Hits that are claimed together where each can be claimed by itself. */
const HITS_TOGETHER = 4096;

export const NO_CLAIMS: Claimed = { references: [] };

/** `onPart`: where the references of a file with very many go; null where all are wanted at once. */
export function claim(context: RuleContext, file: Searched, onPart: OnReferences | null): Claimed {
  const { path: first, aliases, links, mode, head, hits, descriptor, only } = file;
  if (only !== null) return { references: [only] };
  const names: [TreePath, ...TreePath[]] = [first, ...aliases];
  let asksLinks = false;
  const onLinks = (): void => void (asksLinks = true);
  const viewOf = (bytes: Buffer) => (path: TreePath) =>
    wholeView({ path, names, links, size: bytes.length, mode, onLinks }, bytes, file.places);
  const viewAs = ((): ((path: TreePath) => FileView) => {
    if (file.bytes !== null) return viewOf(file.bytes);
    if (file.read > WHOLE_FILE_LIMIT || hits.length === 0)
      return (path) => regionView({ path, names, links, size: file.read, mode, onLinks }, descriptor, head);
    const bytes = Buffer.allocUnsafe(file.read);
    return viewOf(bytes.subarray(0, fill(descriptor, bytes, 0)));
  })();
  if (onPart !== null && hits.length > HITS_TOGETHER && names.length === 1) {
    const view = viewAs(first);
    if (claimsEachAlone(view)) {
      for (let at = 0; at < hits.length; at += HITS_TOGETHER)
        onPart(claimFile(() => view, names, hits.slice(at, at + HITS_TOGETHER), context));
      return { references: [], isTold: true };
    }
  }
  const references = claimFile(viewAs, names, hits.slice(), context);
  const signature = references.length > 0 && isMachO(head) ? signatureOf(viewAs(first)) : null;
  const seal = signature?.kind === 'renewable' ? { sealed: signature.sealed } : {};
  return { references, asksLinks, ...seal };
}

/**
 * Null where there is nothing to tell.
 * @param buffer may be overwritten
 */
export function findingOf(buffer: Buffer, digests: Digests, file: Searched, claimed: Claimed): FileFinding | null {
  const { references, sealed, isTold = false } = claimed;
  const { path, aliases, mode, was, read, descriptor } = file;
  const digest = file.digest ?? (references.length > 0 && digests !== 'none' ? digestOf(buffer, file) : null);
  if (references.length === 0 && !isTold && digest === null && read === was.size) return null;
  const change = changeSince(was, descriptor, read);
  const changed = change === null ? {} : { changed: change };
  const seal = sealed === undefined ? {} : { sealed };
  return { path, aliases, mode, ...was, references, ...seal, digest, ...changed };
}

function digestOf(buffer: Buffer, { bytes, descriptor }: Searched): string {
  if (bytes !== null) return hash('sha256', bytes);
  const digest = createHash('sha256');
  for (let at = 0; ;) {
    const got = fill(descriptor, buffer, at);
    digest.update(buffer.subarray(0, got));
    at += got;
    if (got < buffer.length) return digest.digest('hex');
  }
}

/** Why the system did not do a thing, in words. */
import { errorCode } from './entries.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the quota is used up',
  ELOOP: 'its links lead round in a circle',
  ENAMETOOLONG: 'the path is too long for this system',
};

/** The reason of an error of the system; its code where there are no words for it. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return WORDS[code] ?? code;
}

/** What ended a run: that the disk is full in words, as that alone says what to do; else the message as it is. */
export function whyItEnded(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return `where the tree lies ${reasonOf(error)}`;
  return error instanceof Error ? error.message : String(error);
}

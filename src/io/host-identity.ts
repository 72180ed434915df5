/** Which host this is since when it runs, and who asks: numbers of devices and inodes, and what can be read, mean something there alone. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export function hostIdentity(): readonly unknown[] {
  return [hostname(), bootId(), process.geteuid?.(), process.getegid?.(), process.getgroups?.()];
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

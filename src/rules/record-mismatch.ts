/** RL506: rows of a wheel's RECORD that are wrong once a file they name is edited. The scan finds them (`dependents.ts`). */
import type { ScanRule } from './rule.ts';

export const rule: ScanRule = {
  code: 'RL506',
  subject: 'scan',
  summary: 'A RECORD holds the digest and size of a file that has paths of the tree in it.',
};

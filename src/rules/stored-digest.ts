/** RL907: checksum lists that name a file which an edit changes. The scan finds them (`dependents.ts`). */
import type { ScanRule } from './rule.ts';

export const rule: ScanRule = {
  code: 'RL907',
  subject: 'scan',
  summary: 'A checksum list names a file that has paths of the tree in it.',
};

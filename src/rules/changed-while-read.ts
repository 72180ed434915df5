/** RL902: a file that was written to while it was read. */
import type { ScanRule } from './rule.ts';

export const rule: ScanRule = {
  subject: 'scan',
  code: 'RL902',
  summary: 'A file that was written to while it was read.',
};

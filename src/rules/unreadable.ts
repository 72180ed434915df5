/** RL901: a file or folder that could not be read. What it holds is unknown; a pack fails on it unless it is excluded. */
import type { ScanRule } from './rule.ts';

export const rule: ScanRule = {
  subject: 'scan',
  code: 'RL901',
  summary: 'A file or folder that could not be read.',
};

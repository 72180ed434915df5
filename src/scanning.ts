/** The part of the public API that `relocate scan` needs, by itself: what is not loaded costs a small tree no time. */
export { compileAllowances, type Allowances } from './stages/allowances.ts';
export { requireSettled } from './stages/pending.ts';
export { scan, type ScanOptions } from './stages/scan.ts';
export { readConfig } from './io/config.ts';

/** The part of the public API that `relocate scan` needs, by itself: what is not loaded costs a small tree no time. */
export { requireSettled } from './stages/pending.ts';
export { report } from './stages/report.ts';
export { readConfig } from './io/config.ts';

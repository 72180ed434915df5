/** The public API. Every function of the command line is here; nothing else is promised to stay. */
export { rawArguments } from './io/arguments.ts';
export { readConfig } from './io/config.ts';
export { readRulePage } from './io/rule-pages.ts';
export { RULES } from './rules/registry.ts';
export { compileAllowances } from './stages/allowances.ts';
export { apply } from './stages/apply.ts';
export { pack, packPlan } from './stages/pack.ts';
export { plan } from './stages/plan.ts';
export { preview } from './stages/preview.ts';
export { scan, scanWithDigests } from './stages/scan.ts';
export { history, pendingRun, requireSettled } from './stages/pending.ts';
export { recover } from './stages/recover.ts';
export { undo } from './stages/undo.ts';

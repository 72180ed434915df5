/**
 * The public API: the stages, the plain data that passes between them, and the errors. What is not here may change at any time.
 * @example
 * const found = await scan('/srv/build/site');
 * await apply(plan(found));
 */

// The stages, in order.
export { discoverPrefixes, type PrefixOptions, type Prefixes } from './stages/prefixes.ts';
export { bundlePython, type BundleOptions, type HeldBundle } from './stages/bundle.ts';
export * from './scanning.ts';
export { scan } from './stages/scan.ts';
export type { ReportOptions, ScanOptions } from './stages/scan-options.ts';
export { plan, type Strategy } from './stages/plan.ts';
export { preview, type Preview } from './stages/preview.ts';
export { apply, type ApplyOptions } from './stages/apply.ts';
export { undo, type UndoOptions } from './stages/undo.ts';
export { recover, type RecoverOptions } from './stages/recover.ts';
export { history, pendingRun } from './stages/pending.ts';
export { requireVia } from './stages/via.ts';
export { pack, packScan, type PackOptions, type PackReceipt, type WriteOptions } from './stages/pack.ts';
export { scanForPack, type PackScan } from './stages/pack-scan.ts';
export { install, recoverInstall, type InstallOptions } from './stages/install.ts';
export { verify, type VerifyOptions } from './stages/verify.ts';

// What the command line needs besides.
export { demo, type DemoOptions } from './stages/demo.ts';
export { rawArguments } from './io/arguments.ts';
export { readRulePage } from './io/rule-pages.ts';
export { RULES } from './rules/registry.ts';

// The data.
export type { Bundle, BundledEnvironment, BundledLink, BundledPython, BundlePart } from './model/bundle.ts';
export { RULE_NAMES, type RuleCode, type RuleName } from './model/codes.ts';
export type { Config } from './model/config.ts';
export type { DemoStep } from './model/demo.ts';
export type { Entry, EntryList, EntryType, ScannedEntry } from './model/entry.ts';
export type { Installed, InstallReceipt, InstallRecovery } from './model/install.ts';
export type { Manifest, ManifestHead } from './model/manifest.ts';
export type { FileRows, FileTally, KindCount, ReferenceRow, ScanReport } from './model/report.ts';
export { isFinding, outcomeOf, type Outcome } from './model/outcome.ts';
export { normalizeAbsolute, type AbsolutePath, type TreePath } from './model/path.ts';
export {
  PLACEHOLDER,
  type Edit,
  type FileChange,
  type Plan,
  type PlannedBundle,
  type Refusal,
  type RefusalReason,
} from './model/plan.ts';
export type { Prefix, PrefixSource } from './model/prefix.ts';
export type { PendingRun, Receipt, Recovery, Undone } from './model/receipt.ts';
export type { Reference, Scope, Site } from './model/reference.ts';
export type { Allowance, FoundFile, Scan, ScanSummary } from './model/scan.ts';
export type { Difference, Verdict } from './model/verdict.ts';
export { VERSION } from './model/version.ts';

// The errors; each carries a `code` and the `exitCode` of the command line.
export {
  ArchiveError,
  EXIT,
  InterruptedError,
  LockedError,
  NeedsRecoverError,
  RelocateError,
  RequirementError,
  RolledBackError,
  StalePlanError,
  UsageError,
  type ExitCode,
} from './model/errors.ts';

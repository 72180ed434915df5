/** Errors a caller can tell apart. A bad file is a finding; a bad run throws one of these. */

/** What a process exits with. See docs/cli.md. */
export const EXIT = {
  done: 0,
  no: 1,
  couldNotRun: 2,
  rolledBack: 3,
  needsRecover: 4,
  locked: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export abstract class RelocateError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The call can't be carried out as it was made: a missing tree, a wrong option, a configuration that is not right. */
export class UsageError extends RelocateError {
  readonly code: 'usage' = 'usage';
  readonly exitCode: 2 = EXIT.couldNotRun;
}

/** The tree changed since it was scanned; nothing was changed. */
export class StalePlanError extends RelocateError {
  readonly code: 'stale-plan' = 'stale-plan';
  readonly exitCode: 2 = EXIT.couldNotRun;
}

/** An archive or manifest that is not to be trusted or not whole. `rule` names the check that refused it. */
export class ArchiveError extends RelocateError {
  readonly code: 'archive' = 'archive';
  readonly exitCode: 2 = EXIT.couldNotRun;
  readonly rule: string;
  constructor(rule: string, message: string) {
    super(message);
    this.rule = rule;
  }
}

/** The host or the destination does not fit what the archive needs; nothing was written. */
export class RequirementError extends RelocateError {
  readonly code: 'requirement' = 'requirement';
  readonly exitCode: 2 = EXIT.couldNotRun;
}

/** Stopped midway and took everything back. */
export class RolledBackError extends RelocateError {
  readonly code: 'rolled-back' = 'rolled-back';
  readonly exitCode: 3 = EXIT.rolledBack;
}

/** An earlier run was stopped midway: `relocate recover` finishes it or takes it back. */
export class NeedsRecoverError extends RelocateError {
  readonly code: 'needs-recover' = 'needs-recover';
  readonly exitCode: 4 = EXIT.needsRecover;
}

/** Another run holds the lock. */
export class LockedError extends RelocateError {
  readonly code: 'locked' = 'locked';
  readonly exitCode: 5 = EXIT.locked;
}

/** A user pressed Ctrl-C; what was begun was taken back. */
export class InterruptedError extends RelocateError {
  readonly code: 'interrupted' = 'interrupted';
  readonly exitCode: 130 = EXIT.interrupted;
}

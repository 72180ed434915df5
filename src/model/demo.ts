/** The steps of the demo: what was done and what was seen. Plain JSON. */
import type { RuleCode } from './codes.ts';
import type { Fix } from './reference.ts';

export type DemoStep = {
  /** Whether it went as it should. */
  readonly ok: boolean;
} & (
  | { readonly kind: 'built'; readonly place: string; readonly form: 'virtualenv' | 'shell' }
  | { readonly kind: 'ran'; readonly program: string; readonly where: 'built' | 'installed'; readonly output: string }
  | {
      readonly kind: 'scanned';
      readonly place: string;
      readonly byCode: Readonly<Partial<Record<RuleCode, number>>>;
      readonly byFix: Readonly<Record<Fix, number>>;
    }
  /** `edits` were made in `files`; a second fix would change `again` files. */
  | {
      readonly kind: 'fixed';
      readonly place: string;
      readonly edits: number;
      readonly files: number;
      readonly again: number;
    }
  | {
      readonly kind: 'packed';
      readonly place: string;
      readonly archive: string;
      readonly entries: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'installed';
      readonly archive: string;
      readonly place: string;
      readonly entries: number;
      readonly rendered: number;
    }
  | { readonly kind: 'hidden'; readonly from: string; readonly to: string }
  /** `old` references to the place of the build are left. */
  | {
      readonly kind: 'verified';
      readonly place: string;
      readonly files: number;
      readonly build: string;
      readonly old: number;
    }
);

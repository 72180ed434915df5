/** A reference as JSON for other programs: what it is, not how relocate would edit it. */
import { encodeBytes, isValidText } from '../formats/byte-text.ts';
import type { Allows } from '../model/outcome.ts';
import type { Reference, Site } from '../model/reference.ts';

/** The documented shape. `fileBytes` and `pathBytes` (base64) stand only where a name is not UTF-8. */
export interface ReferenceJson {
  readonly code: string;
  readonly rule: string;
  readonly file: string;
  readonly fileBytes?: string;
  readonly site: Site;
  readonly path: string;
  readonly pathBytes?: string;
  readonly prefix: string | null;
  readonly scope: string;
  readonly fix: string;
  readonly applicability: string;
  readonly note: string;
  /** The reason of the `[[allow]]` that accepts it. */
  readonly allowed?: string;
}

export function referenceJson(reference: Reference, allows: Allows): ReferenceJson {
  const allowance = allows(reference);
  const { code, rule, file, site, path, prefix, scope, fix, applicability, note } = reference;
  return {
    code,
    rule,
    ...nameJson('file', file),
    site,
    ...nameJson('path', path),
    prefix,
    scope,
    fix,
    applicability,
    note,
    ...(allowance === null ? {} : { allowed: allowance.reason }),
  };
}

/**
 * A name, and its bytes where it is not UTF-8. In the string, a byte that is no UTF-8 stands as U+DC80..U+DCFF.
 * @example nameJson('file', 'a') is { file: 'a' }
 */
export function nameJson<Key extends string>(
  key: Key,
  name: string,
): { readonly [K in Key]: string } & { readonly [K in `${Key}Bytes`]?: string } {
  const bytes = isValidText(name) ? {} : { [`${key}Bytes`]: encodeBytes(name).toString('base64') };
  return { [key]: name, ...bytes } as { readonly [K in Key]: string } & { readonly [K in `${Key}Bytes`]?: string }; // computed keys widen to string
}

/** A list in pieces, one row on a line: a document of any size is printed without making one string of it. */
export function* jsonRows<Row>(rows: readonly Row[], toJson: (row: Row) => unknown): Generator<string> {
  yield '[';
  let separator = '\n    ';
  for (const row of rows) {
    yield separator + JSON.stringify(toJson(row));
    separator = ',\n    ';
  }
  yield rows.length > 0 ? '\n  ]' : ']';
}

/** A reference as JSON for other programs: what it is, not how relocate would edit it. */
import type { PlainReference, Site } from '../model/reference.ts';
import { encodeBytes, isValidText } from './byte-text.ts';

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

/** `allowed`: the reason of the allowance that accepts it. */
export function referenceJson(reference: PlainReference, allowed?: string): ReferenceJson {
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
    ...(allowed === undefined ? {} : { allowed }),
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

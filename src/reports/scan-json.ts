/** A scan for other programs: one JSON document, or one line of JSON for each reference. */
import type { Allows } from '../model/outcome.ts';
import type { Scan } from '../model/scan.ts';
import { jsonRows, nameJson, referenceJson } from './reference-json.ts';

/** The document in pieces, so that a scan of any size is printed without making one string of it. */
export function* scanJson(scan: Scan, allows: Allows): Generator<string> {
  const head = {
    version: scan.version,
    ...nameJson('tree', scan.tree),
    prefixes: scan.prefixes.map(({ path, base, source, evidence }) => ({
      ...nameJson('path', path),
      base,
      source,
      evidence,
    })),
    summary: scan.summary,
    excluded: scan.excluded.map(({ path, by }) => ({ ...nameJson('path', path), by })),
    unusedAllowances: scan.unusedAllowances,
    warnings: scan.warnings,
  };
  yield JSON.stringify(head, null, 2).replace(/\n\}$/, ',\n  "references": ');
  yield* jsonRows(scan.references, (reference) => referenceJson(reference, allows));
  yield '\n}\n';
}

/** One line for each reference, with its line end. */
export function* scanNdjson(scan: Scan, allows: Allows): Generator<string> {
  for (const reference of scan.references) yield `${JSON.stringify(referenceJson(reference, allows))}\n`;
}

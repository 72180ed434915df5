/** A scan for other programs: one JSON document, or one line of JSON for each reference. The rows are given on as they are. */
import { nameJson } from '../formats/reference-json.ts';
import type { ScanReport } from '../model/report.ts';

/** The document in pieces, so that a scan of any size is printed without making one string of it. */
export function* scanJson(report: ScanReport): Generator<string | Uint8Array> {
  const head = {
    version: report.version,
    ...nameJson('tree', report.tree),
    prefixes: report.prefixes.map(({ path, base, source, evidence }) => ({
      ...nameJson('path', path),
      base,
      source,
      evidence,
    })),
    summary: report.summary,
    excluded: report.excluded.map(({ path, by }) => ({ ...nameJson('path', path), by })),
    unusedAllowances: report.unusedAllowances,
    warnings: report.warnings,
  };
  yield JSON.stringify(head, null, 2).replace(/\n\}$/, ',\n  "references": [');
  let separator = '\n    ';
  for (const { rows } of report.files())
    for (let at = 0; at < rows.length;) {
      const end = rows.indexOf(0x0a, at);
      yield separator;
      yield rows.subarray(at, end);
      separator = ',\n    ';
      at = end + 1;
    }
  yield separator.startsWith(',') ? '\n  ]\n}\n' : ']\n}\n';
}

/** One line for each reference, with its line end. */
export function* scanNdjson(report: ScanReport): Generator<Uint8Array> {
  for (const { rows } of report.files()) yield rows;
}

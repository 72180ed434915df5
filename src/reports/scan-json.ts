/** A scan for other programs: one JSON document, or one line of JSON for each reference. The rows are given on as they are. */
import { nameJson } from '../formats/reference-json.ts';
import { BETWEEN } from '../formats/row-list.ts';
import type { FileRows, ScanReport } from '../model/report.ts';

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
  let isFirst = true;
  for (const piece of report.list?.() ?? listOf(report.files())) {
    if (isFirst) yield '\n    ';
    isFirst = false;
    yield piece;
  }
  yield isFirst ? ']\n}\n' : '\n  ]\n}\n';
}

/** All rows with what stands between them. */
function* listOf(files: Iterable<FileRows>): Generator<string | Uint8Array> {
  let isFirst = true;
  for (const rows of piecesOf(files))
    for (let at = 0; at < rows.length;) {
      const end = rows.indexOf(0x0a, at);
      if (!isFirst) yield BETWEEN;
      isFirst = false;
      yield rows.subarray(at, end);
      at = end + 1;
    }
}

/** One line for each reference, with its line end. */
export function* scanNdjson(report: ScanReport): Generator<Uint8Array> {
  yield* piecesOf(report.files());
}

function* piecesOf(files: Iterable<FileRows>): Generator<Uint8Array> {
  for (const file of files) yield* file.pieces();
}

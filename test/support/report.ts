/** A report of references that are at hand, and the references of a report. */
import { kindsOf, rowsIn, rowText, tallyOf } from '../../src/formats/file-rows.ts';
import { isTie } from '../../src/model/outcome.ts';
import type { Reference } from '../../src/model/reference.ts';
import type { FileRows, ReferenceRow, ScanReport } from '../../src/model/report.ts';
import type { Scan } from '../../src/model/scan.ts';

/** `allowed`: the reason of an allowance that accepts all references. */
export function reportOf(scan: Scan, allowed?: string): ScanReport {
  const byFile = new Map<string, Reference[]>();
  for (const reference of scan.references)
    byFile.set(reference.file, [...(byFile.get(reference.file) ?? []), reference]);
  const files = [...byFile.values()].map((references): FileRows => {
    const rows = references.map((reference): ReferenceRow & Reference =>
      allowed === undefined ? reference : { ...reference, allowed },
    );
    const piece = Buffer.from(rows.map(rowText).join(''));
    return { tally: { ...tallyOf(rows), kinds: kindsOf(rows) }, pieces: () => [piece] };
  });
  const { references: _, files: _f, dependents: _d, bundle: _b, ...rest } = scan;
  const hasFindings = files.some(({ tally }) => tally.kinds.some(({ word }) => isTie(word)));
  return { ...rest, hasFindings, files: () => files, close: () => {} };
}

export function rowsOf(report: ScanReport): ReferenceRow[] {
  const found: ReferenceRow[] = [];
  for (const file of report.files()) for (const rows of file.pieces()) found.push(...rowsIn(rows));
  return found;
}

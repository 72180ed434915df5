/** Gathers the rows of a scan's references, counts them, and gives them back in order. */
import { compareBytes } from '../formats/byte-text.ts';
import { fileOfRows, joinTallies, kindsOf, mayEdit, rowsIn, rowText, tallyOf } from '../formats/file-rows.ts';
import { byPlaceInFile } from '../formats/reference-order.ts';
import { recordsIn, RecordWriter, setKey, type RowRecord } from '../formats/row-records.ts';
import { LongRows } from '../io/long-rows.ts';
import { RowSpool } from '../io/row-spool.ts';
import { pathOf, type Batch, type BatchAnswer, type ScanTask } from '../io/scan-tasks.ts';
import type { Entry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import type { FileTally, ScanReport } from '../model/report.ts';
import type { Allowance } from '../model/scan.ts';
import type { RuleContext } from '../rules/rule.ts';
import { filesIn, piecesOf } from './row-files.ts';
import { RowAllowances } from './row-allowances.ts';
import { RowDependents } from './row-dependents.ts';
import { RowSummary } from './row-summary.ts';
import { changedWhileRead } from './scan-summary.ts';
import type { Gatherer, TreeTally } from './tree-tally.ts';

/** References of entries that wait to be written together. */
const OWN_HELD = 1000;

/** References that are not of a file's contents. */
interface OwnReferences {
  readonly key: number;
  readonly path: TreePath;
  readonly references: readonly Reference[];
}

export class ReportTally implements Gatherer {
  readonly #spool = new RowSpool();
  /** Of files whose records have none. */
  readonly #long = new LongRows();
  readonly #summary = new RowSummary();
  readonly #allowances: RowAllowances;
  readonly #dependents: RowDependents;
  #own: OwnReferences[] = [];
  /** Keys of which there may be several records. */
  readonly #shared = new Set<number>();
  /** How files changed while they were read. */
  readonly #changed = new Map<TreePath, { readonly how: string; readonly key: number }>();
  /** What symlinks with several names want, by inode. */
  readonly #linkedSymlinks = new Set<string>();

  constructor(context: RuleContext, allowances: readonly Allowance[]) {
    this.#allowances = new RowAllowances(allowances);
    this.#dependents = new RowDependents(context);
  }

  /** Entries are not kept. */
  seeEntry(): void {}

  /** Tasks say the names of what waited. */
  addNames(): void {}

  addOwn(reference: Reference, key: number): void {
    this.#shared.add(key);
    this.#addOwn({ key, path: reference.file, references: [reference] });
  }

  addChanged(path: TreePath, how: string, key: number): void {
    this.#changed.set(path, { how, key });
  }

  addOfEntry(entry: Entry, key: number, references: readonly Reference[]): void {
    const isEditable = references.some(mayEdit);
    if (entry.type === 'symlink' && this.#isSecondName(entry, references)) {
      if (isEditable) this.#dependents.addOtherName(entry.path);
      return;
    }
    if (entry.type !== 'symlink') this.#shared.add(key);
    if (isEditable) this.#dependents.addEditable([entry.path]);
    this.#addOwn({ key, path: entry.path, references });
  }

  addRows(key: number, rows: Uint8Array): void {
    this.#long.append(key, rows);
  }

  addAnswer({ rows }: BatchAnswer, { tasks, keys }: Batch): void {
    if (rows === null) return;
    const writer = new RecordWriter();
    // what another thread sent is no Buffer
    const records = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
    // what stands before it is kept, or was left out; up to `at` all stays as it is
    let from = 0;
    let at = 0;
    for (const record of recordsIn(records)) {
      const [task, key] = [tasks[record.key], keys[record.key]];
      if (task === undefined || key === undefined) throw new Error('a record is of no task of its batch');
      const { tally } = record;
      if (tally.changed !== undefined) this.addChanged(pathOf(task), tally.changed, key);
      if (tally.isEditable) this.#dependents.addEditable(namesOf(task));
      const next = at + record.bytes.length;
      if (tally.kinds.length === 0 || this.#isWrittenAllowed(writer, key, pathOf(task), record)) {
        this.#spool.append(records.subarray(from, at));
        from = next;
      } else {
        this.#summary.add(pathOf(task), tally);
        setKey(record, key);
      }
      at = next;
    }
    this.#spool.append(records.subarray(from));
    this.#spool.append(writer.take());
  }

  result(tree: TreeTally): Omit<ScanReport, 'version' | 'tree' | 'prefixes' | 'warnings'> {
    for (const [path, { how, key }] of this.#changed) this.addOwn(changedWhileRead(path, how), key);
    this.#writeOwn();
    const { compiled, references } = this.#dependents.find(tree, this.#editable());
    for (const { reference, key } of references) this.addOwn(reference, key);
    this.#writeOwn();
    return {
      summary: this.#summary.result(tree.counts, compiled),
      excluded: tree.excluded.sort((a, b) => compareBytes(a.path, b.path)),
      unusedAllowances: this.#allowances.unused(),
      hasFindings: this.#summary.hasFindings,
      files: () => filesIn(this.#spool.inOrder(), this.#shared, this.#long),
      close: () => this.close(),
    };
  }

  close(): void {
    this.#spool.close();
    this.#long.close();
  }

  #addOwn(own: OwnReferences): void {
    this.#own.push(own);
    if (this.#own.length >= OWN_HELD) this.#writeOwn();
  }

  #writeOwn(): void {
    const writer = new RecordWriter();
    for (const { key, path, references } of this.#own.sort((a, b) => a.key - b.key)) {
      const rows = references.toSorted(byPlaceInFile);
      const tally = tallyOf(rows);
      if (this.#writeAllowed(writer, key, path, { tally, rows })) continue;
      this.#summary.add(path, tally);
      writer.add(key, tally, rows);
    }
    this.#own = [];
    this.#spool.append(writer.take());
  }

  /** The same for what a thread found. */
  #isWrittenAllowed(writer: RecordWriter, key: number, path: TreePath, record: RowRecord): boolean {
    if (record.rows.length > 0) return this.#writeAllowed(writer, key, path, record);
    const allowances = this.#allowances.of(path, record.tally);
    if (allowances === null) return false;
    let told: FileTally = { ...record.tally, kinds: [] };
    this.#long.change(key, (rows) => {
      const changed = [...rowsIn(rows)].map(allowances);
      told = joinTallies(told, { ...record.tally, kinds: kindsOf(changed) });
      return Buffer.from(changed.map(rowText).join(''));
    });
    this.#summary.add(path, told);
    writer.add(key, told, []);
    return true;
  }

  /** Writes the rows with the allowances that accept some; false, and nothing is written, where none may. */
  #writeAllowed(
    writer: RecordWriter,
    key: number,
    path: TreePath,
    { tally, rows }: { readonly tally: FileTally; readonly rows: Uint8Array | readonly Reference[] },
  ): boolean {
    const allowances = this.#allowances.of(path, tally);
    if (allowances === null) return false;
    const told = [...(rows instanceof Uint8Array ? rowsIn(rows) : rows)].map(allowances);
    const changed = { ...tally, kinds: kindsOf(told) };
    this.#summary.add(path, changed);
    writer.add(key, changed, told);
    return true;
  }

  /** The files that an edit may change, under the name by which they are told of. */
  *#editable(): Generator<TreePath> {
    for (const record of this.#spool.inOrder()) {
      if (!record.tally.isEditable) continue;
      for (const rows of piecesOf(record, this.#long)) {
        yield fileOfRows(rows);
        break;
      }
    }
  }

  /** Another name of a symlink that was seen, and one that wants the same text. */
  #isSecondName({ device, inode, links }: Entry, references: readonly Reference[]): boolean {
    if (links < 2) return false;
    const key = JSON.stringify([device, inode, references.map(({ relative }) => relative)]);
    if (this.#linkedSymlinks.has(key)) return true;
    this.#linkedSymlinks.add(key);
    return false;
  }
}

function namesOf(task: ScanTask): readonly TreePath[] {
  return typeof task === 'string' || task.kind !== 'claim' ? [pathOf(task)] : [task.path, ...task.aliases];
}

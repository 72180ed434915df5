/** The cache of a tree's scan on the disk: what it was a scan of, the state of the tree, what was asked besides, and the report. */
import { hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { encodeTally } from '../formats/kept-tallies.ts';
import { elementsOf } from '../formats/row-list.ts';
import type { PlacedSection } from '../formats/sections.ts';
import type { NewRecords, TreeState } from '../formats/tree-state.ts';
import {
  CacheWriter,
  closeCache,
  isSection,
  isWholeSection,
  openCache,
  readSection,
  recordsOf,
  type OpenCache,
} from '../io/cache-file.ts';
import { CACHE_SUFFIX, pruneCaches } from '../io/cache-folder.ts';
import { hostIdentity } from '../io/host-identity.ts';
import { programIdentity } from '../io/program-identity.ts';
import { reasonOf } from '../io/reasons.ts';
import type { Asked } from '../io/recording-probe.ts';
import type { HeldCache } from '../io/tree-check.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { FileRows, ScanReport } from '../model/report.ts';
import type { RuleOptions } from '../rules/rule.ts';
import type { Prefixes } from './prefixes.ts';
import type { ScanOptions } from './scan-options.ts';
import type { TreePlace } from './tree.ts';

/** What is known of a report but for its rows. */
export type FoundReport = Omit<ScanReport, 'version' | 'tree' | 'prefixes' | 'warnings' | 'files' | 'close'>;

/** The first section. Plain JSON. */
export interface CacheHead {
  readonly prefixes: Prefixes;
  /** Whether prefixes can't be told by what is in the state and was asked. */
  readonly mustDiscover: boolean;
  readonly asked: readonly Asked[];
  /** Null where the report can't be given again: only quiet files are known. */
  readonly found: FoundReport | null;
}

export interface KeptScan {
  readonly open: OpenCache;
  readonly head: CacheHead;
  readonly held: HeldCache;
  readonly quiet: PlacedSection;
  readonly tallies: PlacedSection;
  readonly list: PlacedSection;
}

/** Head, three of the state, tallies, rows. */
const SECTIONS = 6;
/** Bytes of records that are copied at a time. */
const PIECE = 256 * 1024;

/** All that a scan depends on but for the tree and the host, as text: what has another key is another scan. */
export function scanKey({ logical, real }: TreePlace, options: ScanOptions, rules: RuleOptions): string {
  const { prefixes = [], configured = [], force = false, exclude = [], excludeDebris = false } = options;
  const asked = { prefixes, configured, force, exclude, excludeDebris, allowances: options.allowances ?? [], rules };
  return JSON.stringify([programIdentity(), hostIdentity(), logical, real, asked]);
}

export function isSamePrefixes(left: Prefixes, right: Prefixes): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

export class ScanCache {
  readonly #folder: AbsolutePath;
  readonly #key: string;
  readonly #name: string;
  readonly #onTrouble: (sentence: string) => void;

  constructor(folder: AbsolutePath, key: string, onTrouble: (sentence: string) => void) {
    this.#folder = folder;
    this.#key = key;
    this.#name = `${hash('sha256', encodeBytes(key))}${CACHE_SUFFIX}`;
    this.#onTrouble = onTrouble;
  }

  /** Null where there is none that can be used. */
  load(): KeptScan | null {
    try {
      const open = openCache(this.#folder, this.#name, SECTIONS);
      if (open === null) return null;
      if (typeof open === 'string') return this.#refuse(open);
      const kept = this.#read(open);
      if (kept !== null) return kept;
      closeCache(open);
      return this.#refuse('it is damaged');
    } catch (error) {
      return this.#refuse(reasonOf(error));
    }
  }

  /** Keeps a scan. `records`: those of the state; `files`: those of its report, none where that can't be given again. */
  save(head: CacheHead, { folders, quiet }: TreeState, records: NewRecords, files: () => Iterable<FileRows>): void {
    try {
      const writer = new CacheWriter(this.#folder, this.#name, SECTIONS);
      try {
        writer.add([Buffer.from(JSON.stringify({ key: this.#key, head }))]);
        writer.add([bytesOf(folders)]);
        writer.add(piecesOf(records));
        writer.add([quiet]);
        writer.add(each(files(), encodeTally));
        writer.add(elementsIn(files()));
        writer.commit();
      } catch (error) {
        writer.discard();
        throw error;
      }
      pruneCaches(this.#folder);
    } catch (error) {
      this.#onTrouble(`the scan could not be kept in ${this.#folder}: ${reasonOf(error)}`);
    }
  }

  #read(open: OpenCache): KeptScan | null {
    const [told, table, records, quiet, tallies, list] = open.sections;
    if (!told || !table || !records || !quiet || !tallies || !list) return null;
    const bytes = readSection(open, told);
    if (!isSection(bytes, told)) return null;
    // written by save
    const { key, head } = JSON.parse(Buffer.from(bytes).toString()) as {
      readonly key: string;
      readonly head: CacheHead;
    };
    if (key !== this.#key) return null;
    const folders = readSection(open, table);
    // by it is read what need not be right
    if (!isSection(folders, table)) return null;
    const held: HeldCache = {
      descriptor: open.descriptor,
      folders: new Uint32Array(folders.buffer),
      entries: quiet.length,
      records,
      others: [quiet, tallies, list],
    };
    return { open, head, held, quiet, tallies, list };
  }

  #refuse(why: string): null {
    this.#onTrouble(`the scan kept in ${this.#folder}/${this.#name} is not used: ${why}`);
    return null;
  }
}

/** The state of a kept scan; null where it is not what was written. */
export function stateOf({ open, held, quiet }: KeptScan): TreeState | null {
  const { descriptor, folders, records } = held;
  const flags = readSection(open, quiet);
  if (!isSection(flags, quiet) || !isWholeSection(descriptor, records)) return null;
  return { folders, records: recordsOf(descriptor, records), quiet: flags };
}

function* each<T>(files: Iterable<T>, encode: (file: T) => Uint8Array): Generator<Uint8Array> {
  for (const file of files) yield encode(file);
}

function* elementsIn(files: Iterable<FileRows>): Generator<Uint8Array> {
  for (const file of files) for (const rows of file.pieces()) yield elementsOf(rows);
}

/** The same memory is filled for each piece. */
function* piecesOf(records: NewRecords): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let at = 0; at < records.length; at += PIECE) {
    const piece = buffer.subarray(0, Math.min(PIECE, records.length - at));
    records.read(at, piece);
    yield piece;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The cache of a tree's scan on the disk: what it was a scan of, the state of the tree, what was asked besides, and the report. */
import { hash } from 'node:crypto';
import { encodeBytes } from '../formats/byte-text.ts';
import { encodeTally } from '../formats/kept-tallies.ts';
import { elementsOf } from '../formats/row-list.ts';
import type { PlacedSection } from '../formats/sections.ts';
import type { StateBytes } from '../formats/tree-state.ts';
import { CacheWriter, closeCache, isSection, openCache, readSection, type OpenCache } from '../io/cache-file.ts';
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
  readonly tallies: PlacedSection;
  readonly list: PlacedSection;
}

/** Head, four of the state, tallies, rows. */
const SECTIONS = 7;

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

  /** Keeps a scan. `files`: those of its report, none where that can't be given again. */
  save(head: CacheHead, { folders, text, numbers, quiet }: StateBytes, files: () => Iterable<FileRows>): void {
    try {
      const writer = new CacheWriter(this.#folder, this.#name, SECTIONS);
      try {
        writer.add([Buffer.from(JSON.stringify({ key: this.#key, head }))]);
        for (const part of [folders, text, numbers, quiet]) writer.add([part]);
        writer.add(each(files(), encodeTally));
        writer.add(each(files(), ({ rows }) => elementsOf(rows)));
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
    const [told, folders, text, numbers, quiet, tallies, list] = open.sections;
    if (!told || !folders || !text || !numbers || !quiet || !tallies || !list) return null;
    const bytes = readSection(open, told);
    if (!isSection(bytes, told)) return null;
    // written by save
    const { key, head } = JSON.parse(Buffer.from(bytes).toString()) as {
      readonly key: string;
      readonly head: CacheHead;
    };
    if (key !== this.#key) return null;
    const sections = { folders, text, numbers, quiet };
    const state = {
      folders: readSection(open, folders),
      text: readSection(open, text),
      numbers: readSection(open, numbers),
      quiet: readSection(open, quiet),
    };
    return {
      open,
      head,
      held: { descriptor: open.descriptor, state, sections, others: [tallies, list] },
      tallies,
      list,
    };
  }

  #refuse(why: string): null {
    this.#onTrouble(`the scan kept in ${this.#folder}/${this.#name} is not used: ${why}`);
    return null;
  }
}

function* each<T>(files: Iterable<T>, encode: (file: T) => Uint8Array): Generator<Uint8Array> {
  for (const file of files) yield encode(file);
}

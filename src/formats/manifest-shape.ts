/** The shape of a manifest: its JSON Schema, and the first check of every manifest that is read. */
import type {
  Attribute,
  DeviceEntry,
  DirectoryEntry,
  FifoEntry,
  FileEntry,
  HardLinkEntry,
  ManifestEntry,
  Owner,
  RecordRow,
  SymlinkEntry,
} from '../model/manifest-entry.ts';
import type { LeftOut, LeftReference, Manifest, Origin, OwnFile, Totals } from '../model/manifest.ts';
import { IS_FAILURE } from '../model/outcome.ts';
import type { TreePath } from '../model/path.ts';
import type { RefusalReason } from '../model/plan.ts';
import type { AbsoluteForm } from '../model/reference.ts';
import type {
  ForeignCode,
  Interpreter,
  InterpreterValue,
  NeededVersion,
  OutsideLibrary,
  OutsidePath,
  Requirements,
} from '../model/requirements.ts';
import type { Seal } from '../model/seal.ts';
import { ESCAPINGS } from './escaping.ts';
import { LEAST_PAGE } from './seals.ts';
import {
  byType,
  fields,
  flag,
  list,
  literal,
  nullable,
  optional,
  text,
  whole,
  type Schema,
  type Shape,
} from './shape.ts';

const path: Shape<TreePath> = text<TreePath>(
  /^[^\0]+$/,
  'a path of the tree, bytes that are not UTF-8 as U+DC80 to U+DCFF',
);
const basePath: Shape<TreePath> = text<TreePath>(/^[^\0]*$/, 'a path of the tree, empty for its root');
const sha256: Shape<string> = text(/^[0-9a-f]{64}$/, 'sha256 in lower-case hex');
const mtime: Shape<string> = text(/^(?:0|-?[1-9][0-9]{0,20})$/, 'nanoseconds since the epoch, decimal');
const mode: Shape<number> = whole(0, 0o7777);
const number32: Shape<number> = whole(0, 0xffffffff);
/** Seven octal digits, the room of a tar header. */
const deviceNumber: Shape<number> = whole(0, 0o7777777);

const owner: Shape<Owner> = fields<Owner>({ uid: number32, gid: number32, user: text(), group: text() });
const attribute: Shape<Attribute> = fields<Attribute>({
  name: text(/^[^\0=\n]+$/, 'the name of an extended attribute'),
  value: text(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'base64'),
});
const ownership = { owner: optional(owner), xattrs: optional(list(attribute)) };

/** An archive is never repacked at install. */
type Site = Omit<AbsoluteForm, 'repacked'>;

const site: Shape<Site> = fields<Site>({
  start: whole(),
  end: whole(),
  escaping: literal(...ESCAPINGS),
  base: basePath,
  slot: optional(
    fields<NonNullable<AbsoluteForm['slot']>>({ slotEnd: whole(), padding: literal('slash', 'nul'), tail: text() }),
  ),
  length: optional(
    fields<NonNullable<AbsoluteForm['length']>>({
      at: whole(),
      width: literal(1, 4),
      value: number32,
      paths: whole(1),
      ascii: flag(),
    }),
  ),
});
const row: Shape<RecordRow> = fields<RecordRow>({ of: path, digest: list(whole(), 2), size: list(whole(), 2) });

const seal: Shape<Seal> = fields<Seal>({
  start: whole(),
  end: whole(),
  page: whole(LEAST_PAGE),
  at: whole(),
  hash: literal('sha1', 'sha256', 'sha384'),
  width: whole(20, 48),
});

const entry: Shape<ManifestEntry> = byType<ManifestEntry>({
  file: fields<FileEntry>({
    path,
    type: literal('file'),
    mode,
    mtime,
    size: whole(),
    sha256,
    sparse: optional(literal(true)),
    remains: optional(whole(1)),
    sites: optional(list(site)),
    rows: optional(list(row)),
    seals: optional(list(seal)),
    ...ownership,
  }),
  directory: fields<DirectoryEntry>({ path, type: literal('directory'), mode, mtime, ...ownership }),
  'hard-link': fields<HardLinkEntry>({ path, type: literal('hard-link'), mtime, target: path, ...ownership }),
  symlink: fields<SymlinkEntry>({
    path,
    type: literal('symlink'),
    mtime,
    target: text(/^[^\0]+$/, 'the text of a symlink'),
    leads: literal('inside', 'outside'),
    ...ownership,
  }),
  fifo: fields<FifoEntry>({ path, type: literal('fifo'), mode, mtime, ...ownership }),
  'character-device': device('character-device'),
  'block-device': device('block-device'),
});

function device<K extends DeviceEntry['type']>(type: K): Shape<DeviceEntry<K>> {
  return fields<DeviceEntry>({
    path,
    type: literal(type),
    mode,
    mtime,
    major: deviceNumber,
    minor: deviceNumber,
    ...ownership,
  }) as Shape<DeviceEntry<K>>; // literal(type) checks for K
}

const interpreter: Shape<Interpreter> = fields<Interpreter>({
  environment: basePath,
  home: text(/^\//, 'an absolute path'),
  program: text(/^\//, 'an absolute path'),
  version: text(/^[0-9]+\.[0-9]+[0-9A-Za-z.+]*$/, 'a version of Python'),
  implementation: text(),
  links: list(path),
  values: list(fields<InterpreterValue>({ start: whole(), end: whole(), is: literal('home', 'program', 'prefix') })),
});

const requirements: Shape<Requirements> = fields<Requirements>({
  platform: text(),
  arch: text(),
  libc: text(),
  native: flag(),
  libraries: list(
    fields<OutsideLibrary>({
      name: text(/^[^\0]+$/, 'the name of a library'),
      count: whole(1),
      example: path,
      versions: list(fields<NeededVersion>({ version: text(/./, 'a symbol version'), example: path })),
      folders: list(text(/^\//, 'an absolute path')),
    }),
  ),
  foreign: list(fields<ForeignCode>({ platform: text(), arch: text(), libc: text(), count: whole(1), example: path })),
  interpreters: list(interpreter),
  outside: list(
    fields<OutsidePath>({
      path: text(),
      kind: literal('link', 'interpreter', 'loader'),
      count: whole(1),
      example: path,
    }),
  ),
});

export const entryShape: Shape<ManifestEntry> = entry;

export const manifestShape: Shape<Manifest> = fields<Manifest>({
  version: literal(1),
  tool: fields<Manifest['tool']>({ name: literal('relocate'), version: text() }),
  tree: fields<Manifest['tree']>({ name: text(), version: text() }),
  placeholder: text(/^[\x21-\x7e]{8,64}$/, 'a word of ASCII'),
  origins: list(fields<Origin>({ path: text(/^\/./, 'an absolute path'), base: basePath })),
  root: fields<Manifest['root']>({ mode, ...ownership }),
  attributes: literal('recorded', 'unknown'),
  own: list(fields<OwnFile>({ path, size: whole(), sha256 })),
  totals: fields<Totals>({ entries: whole(), files: whole(), bytes: whole() }),
  requirements,
  maxPrefixBytes: nullable(whole()),
  volatile: list(text(/./, 'a glob')),
  leftOut: list(fields<LeftOut>({ path, why: literal('excluded', 'skipped', 'removed'), by: text() })),
  refusals: list(
    fields<LeftReference>({
      file: path,
      code: text(/^RL[0-9]{3}$/, 'the code of a rule'),
      reason: literal(...(Object.keys(IS_FAILURE) as RefusalReason[])), // its keys are all of them
      count: whole(1),
    }),
  ),
  entries: list(entry),
});

/** The JSON Schema of the manifest, as `docs/manifest.schema.json` holds it. */
export const manifestSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The manifest of a relocate archive (.relocate/manifest.json)',
  ...manifestShape.schema,
};

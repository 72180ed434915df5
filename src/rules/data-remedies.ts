/** What changes a path in a data file: the command of the format's own tool, as far as it can be named. */
import type { DataFormat, StructuredFormat } from '../formats/structured.ts';
import type { Hit } from '../formats/needles.ts';
import { sqlitePlaces, type SqlitePlace } from '../formats/sqlite.ts';
import type { FileView } from './rule.ts';
import { serializedByPhp } from './serialized-by-php.ts';

/** What stands in commands for the path that the user wants. */
const NEW = '/new/place';

/** Makes the sentence for the hits of one file. */
export function remedyFor(view: FileView, { data }: StructuredFormat): (hit: Hit) => string {
  if (data === 'sqlite') return sqliteRemedy(view);
  const sentence = data === undefined ? '' : REMEDIES[data](fileWord(view));
  return () => sentence;
}

const REMEDIES: Readonly<Record<Exclude<DataFormat, 'sqlite'>, (file: string) => string>> = {
  'sqlite-log': (file) =>
    `\`sqlite3 ${file.replace(/-wal$/, '')} "PRAGMA wal_checkpoint(TRUNCATE)"\` merges it into its database`,
  'sqlite-journal': (file) =>
    `a writer was stopped: \`sqlite3 ${file.replace(/-journal$/, '')} "PRAGMA integrity_check"\` takes it back`,
  zodb: (file) =>
    `see the records with \`python -m ZODB.scripts.fstail ${file}\`, change the objects through ZODB (\`bin/zopectl debug\`, zodbupdate for names of classes), then pack it`,
  pickle: (file) => `see it with \`python3 -m pickletools ${file}\`, and let the program that made it write it again`,
  marshal: () => 'let the program that made it write it again (marshal.load, marshal.dump of the same Python)',
  plist: (file) =>
    `\`plutil -convert xml1 ${file}\` makes it text, which relocate can change (plistlib of Python where there is no plutil)`,
  php: () => 'unserialize() and serialize() change it',
  berkeley: (file) => `\`db_dump -p ${file}\` makes it text, \`db_load\` makes the database of it`,
  gdbm: (file) => `\`gdbm_dump ${file}\` makes it text, \`gdbm_load\` makes the database of it`,
  lmdb: (file) => `\`mdb_dump -an ${file}\` makes it text, \`mdb_load -n\` makes the database of it`,
  webpack: () => 'it can be removed: the next build makes it again',
  java: () => 'let the program that made it write it again',
  array: () => 'write it again with the library that made it',
  access: () => 'change it with the program that it belongs to',
};

function fileWord({ path }: FileView): string {
  return /^[\w./@+-]+$/.test(path) ? path : 'FILE';
}

const GENERAL = `\`UPDATE table SET column = replace(column, old, new)\` in sqlite3 changes it`;

function sqliteRemedy(view: FileView): (hit: Hit) => string {
  if (view.bytes === null) return () => GENERAL;
  const placeOf = sqlitePlaces(view.bytes);
  const isSerialized = serializedByPhp(view);
  return (hit) => sqliteSentence(view, hit, placeOf(hit.start), isSerialized(hit));
}

function sqliteSentence(view: FileView, hit: Hit, place: SqlitePlace, isSerialized: boolean): string {
  switch (place.in) {
    case 'table':
      return tableSentence(view, hit, place, isSerialized);
    case 'index':
      return `in an index of the table ${place.table}, which follows when the table is changed`;
    case 'schema':
      return 'in the definition of a table, view or trigger: make that again';
    case 'unused':
      return `in space that was freed: \`sqlite3 ${fileWord(view)} VACUUM\` clears it`;
    case 'unknown':
      return GENERAL;
  }
}

function tableSentence(
  view: FileView,
  hit: Hit,
  place: Extract<SqlitePlace, { in: 'table' }>,
  isSerialized: boolean,
): string {
  const { table, column, type } = place;
  const where = column === '' ? `the table ${table}` : `${table}.${column}`;
  if (isSerialized)
    return `in ${where}, serialized by PHP, which counts its bytes: \`wp search-replace\` or PHP itself changes it`;
  if (type !== 'text' || column === '')
    return `in ${where}${type === 'blob' ? ', in binary' : ''}: the program that wrote it must change it`;
  if (!isPlain(hit.prefix.path)) return `in ${where}: ${GENERAL}`;
  const [quotedTable, quotedColumn] = [quoted(table), quoted(column)];
  return `\`sqlite3 ${fileWord(view)} "UPDATE ${quotedTable} SET ${quotedColumn} = replace(${quotedColumn}, '${hit.prefix.path}', '${NEW}')"\` changes it`;
}

function isPlain(path: string): boolean {
  return /^[\w./@+ -]+$/.test(path);
}

/** A name of SQL within a command in double quotes. */
function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `[${name.replace(/[\]"$`\\]/g, '_')}]`;
}

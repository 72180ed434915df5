/** Data of programs, written and read by their own tools: relocate reports the path in them and leaves every byte. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markedStringEnd } from '../src/formats/marked-string.ts';
import { isPickle } from '../src/formats/pickle.ts';
import { sqliteFrames, valueAround } from '../src/formats/sqlite-frames.ts';
import { columnsOf } from '../src/formats/sqlite-schema.ts';
import { sqlitePlaces } from '../src/formats/sqlite.ts';
import { asAbsolutePath } from '../src/model/path.ts';
import type { Reference } from '../src/model/reference.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { buildTree, has, run } from './support/moved-tree.ts';

/** Runs a piece of Python in the tree, with the tree's path as P. */
function python(tree: string, program: string): string {
  return execFileSync('python3', ['-c', `import sys; P = sys.argv[1]\n${program}`, tree], {
    cwd: tree,
    encoding: 'utf8',
  });
}

/** Scans, fixes with all that is allowed, and gives what was found; fails where a byte of the file changed. */
async function untouched(root: string, file: string): Promise<Reference[]> {
  const before = readFileSync(join(root, file));
  const found = await scan(root, { jobs: 1 });
  await apply(plan(found, { to: asAbsolutePath('/s'), unsafe: true }));
  expect(readFileSync(join(root, file)).equals(before)).toBe(true);
  return found.references.filter((reference) => reference.file === file);
}

function facts(references: readonly Reference[]): string[][] {
  return references.map(({ code, fix, applicability, path }) => [code, fix, applicability, path]);
}

const WRITERS = {
  'pickle, protocol 1': `import pickle; pickle.dump([P, P + '/x'], open('x', 'wb'), 1)`,
  'pickle, protocol 2': `import pickle; pickle.dump([P, P + '/x'], open('x', 'wb'), 2)`,
  'pickle, protocol 4': `import pickle; pickle.dump([P, P + '/x'], open('x', 'wb'), 4)`,
  marshal: `import marshal; marshal.dump(('a', P, P + '/x', None), open('x', 'wb'))`,
  'binary property list': `import plistlib; plistlib.dump([P, P + '/x'], open('x', 'wb'), fmt=plistlib.FMT_BINARY)`,
  'SQLite database': `import sqlite3; c = sqlite3.connect('x'); c.execute('create table t(a, b)'); c.execute('insert into t values (?, ?)', (P, P + '/x')); c.commit()`,
};

test.each(Object.entries(WRITERS))('%s: every path is found, and no byte is changed', async (_, program) => {
  const { root } = buildTree();
  python(root, program);
  // SQLite puts new rows at the end of a page, but the columns of one row in their order
  expect(facts(await untouched(root, 'x'))).toEqual([
    ['RL211', 'blocked', 'manual', root],
    ['RL211', 'blocked', 'manual', `${root}/x`],
  ]);
});

describe('SQLite', () => {
  const notes = async (root: string, file: string): Promise<string[]> =>
    (await untouched(root, file)).map(({ note }) => note.replace(/^.*?; /, '').replaceAll(root, '@P@'));

  test('the command of the note changes what it says, and the scan is clean afterwards', async () => {
    const { root } = buildTree();
    python(
      root,
      `import sqlite3
c = sqlite3.connect('x.db'); c.execute('create table "my media"(id integer primary key, "the path" text)')
c.execute('insert into "my media"("the path") values (?)', (P + '/m/1.png',)); c.commit()`,
    );
    const [note = ''] = await notes(root, 'x.db');
    const sql = /"(UPDATE .*?)"/.exec(note)?.[1]?.replaceAll('@P@', root);
    expect(sql).toBe(`UPDATE [my media] SET [the path] = replace([the path], '${root}', '/new/place')`);
    expect(
      python(
        root,
        `import sqlite3
c = sqlite3.connect('x.db'); c.execute("""${sql}"""); c.commit(); c.execute('vacuum')
print(c.execute('select * from "my media"').fetchall(), c.execute('pragma integrity_check').fetchone())`,
      ),
    ).toBe("[(1, '/new/place/m/1.png')] ('ok',)\n");
    expect((await scan(root, { jobs: 1 })).references).toEqual([]);
  });

  test('what an update left behind is named as that', async () => {
    const { root } = buildTree();
    python(
      root,
      `import sqlite3
c = sqlite3.connect('x.db'); c.execute('pragma secure_delete=off'); c.execute('create table t(a)')
for i in range(20): c.execute('insert into t values (?)', (P + '/%d' % i,))
c.commit(); c.execute('delete from t where rowid > 5'); c.commit()`,
    );
    const said = await notes(root, 'x.db');
    expect(said.filter((note) => note.includes('UPDATE t SET a'))).toHaveLength(5);
    expect(said.some((note) => note.includes('`sqlite3 x.db VACUUM` clears it'))).toBe(true);
  });

  test('large tables, large rows and indexes are told apart', async () => {
    const { root } = buildTree();
    python(
      root,
      `import sqlite3
c = sqlite3.connect('x.db'); c.execute('create table big(n integer, a text)'); c.execute('create index i on big(a)')
c.executemany('insert into big values (?, ?)', [(i, P + '/%06d' % i) for i in range(3000)])
c.execute('create table rows(a text)'); c.execute('insert into rows values (?)', ('x' * 20000 + ' ' + P,)); c.commit()`,
    );
    const said = await notes(root, 'x.db');
    const count = (text: string): number => said.filter((note) => note.includes(text)).length;
    expect([count('UPDATE big SET a'), count('an index of the table big'), count('the table rows')]).toEqual([
      3000, 3000, 1,
    ]);
  });

  test('a write-ahead log and a rollback journal are told how they go', async () => {
    const { root } = buildTree();
    python(
      root,
      `import sqlite3, os, shutil
c = sqlite3.connect('w.db'); c.execute('pragma journal_mode=wal'); c.execute('create table t(a, b)')
c.execute('insert into t values (?, ?)', (P, 'behind')); c.commit()
shutil.copy('w.db-wal', 'copy.db-wal')
d = sqlite3.connect('j.db', isolation_level=None); d.execute('create table t(a, b)'); d.execute('insert into t values (?, ?)', (P, 'behind'))
d.execute('begin'); d.execute("update t set a = 'x'"); d.execute('pragma cache_spill'); shutil.copy('j.db-journal', 'copy.db-journal')
d.execute('rollback')`,
    );
    const wal = await untouched(root, 'copy.db-wal');
    expect(wal.map(({ path }) => path)).toEqual([root]);
    expect(wal[0]?.note).toContain('`sqlite3 copy.db "PRAGMA wal_checkpoint(TRUNCATE)"`');
  });

  test('columns are read from the ways to write them', () => {
    expect(
      columnsOf('CREATE TABLE t(a, "b, c" text default (1+(2)), [d e], `f` -- g, h\n, i /* , */ int, primary key (a))'),
    ).toEqual(['a', 'b, c', 'd e', 'f', 'i']);
    expect(columnsOf('CREATE TABLE t(a primary key, b) WITHOUT ROWID')).toEqual([]);
    expect(columnsOf('CREATE TABLE t(a, b')).toEqual([]);
  });
});

describe.skipIf(!has('php'))('PHP', () => {
  test('reads what it has serialized as before; other paths in the file are written anew', async () => {
    const { root } = buildTree();
    const program =
      'echo serialize(["root" => $argv[1], "text" => str_repeat("word ", 40) . $argv[1] . "/x"]), "\\n", $argv[1];';
    const written = run('php', ['-r', program, root]);
    writeFileSync(join(root, 'x'), written);
    const found = await scan(root, { jobs: 1 });
    expect(found.references.map(({ code, fix }) => [code, fix])).toEqual([
      ['RL211', 'blocked'],
      ['RL211', 'blocked'],
      ['RL201', 'pinned'],
    ]);
    await apply(plan(found, { to: asAbsolutePath('/s'), unsafe: true }));
    const [serialized = '', plain] = readFileSync(join(root, 'x'), 'utf8').split('\n');
    expect(plain).toBe('/s');
    expect(run('php', ['-r', 'echo unserialize($argv[1])["root"];', serialized])).toBe(root);
  });
});

test('a neighbour of the tree in counted strings is none of its paths', async () => {
  const { root } = buildTree();
  python(
    root,
    `import pickle; pickle.dump([P + '2', '/mnt' + P, P + '-old/x', 'x' * 84 + P + 'y'], open('x', 'wb'), 4)`,
  );
  expect(await untouched(root, 'x')).toEqual([]);
});

describe('what is no such file, or a broken one, is read without an error', () => {
  const database = (() => {
    let bytes: Buffer | null = null;
    return (): Buffer =>
      (bytes ??= execFileSync('python3', [
        '-c',
        `import sqlite3, sys, tempfile, os
f = tempfile.mktemp(); c = sqlite3.connect(f); c.execute('pragma page_size=512'); c.execute('create table t(a, b)'); c.execute('create index i on t(a)')
c.executemany('insert into t values (?, ?)', [('/srv/build/site/%d' % i, 'y' * (i % 700)) for i in range(100)]); c.commit(); c.close()
sys.stdout.buffer.write(open(f, 'rb').read()); os.remove(f)`,
      ]));
  })();

  test('a database with bytes changed or cut off', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 30 });
    fc.assert(
      fc.property(edits, fc.nat(), fc.array(fc.nat(), { maxLength: 20 }), (changes, cut, offsets) => {
        const bytes = Buffer.from(database().subarray(0, cut % 3 === 0 ? cut % database().length : undefined));
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[16 + (at % bytes.length)] = byte;
        const placeOf = sqlitePlaces(bytes);
        const frames = sqliteFrames(bytes);
        for (const offset of offsets) {
          const at = offset % (bytes.length + 10);
          expect(typeof placeOf(at).in).toBe('string');
          if (frames === null) continue;
          const value = valueAround((start, end) => bytes.subarray(start, end), frames, at);
          if (value !== null) expect(value.start <= at && at < value.end && value.end <= bytes.length).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('any bytes as a pickle, or behind any mark', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom(...[...'(.]}XUBTC\x8c\x8d\x8e\x95\x80K']).map((c) => c.charCodeAt(0)),
        fc.nat(255),
      ),
    );
    fc.assert(
      fc.property(bytes, fc.nat(), (content, at) => {
        expect(typeof isPickle(Buffer.from(content))).toBe('boolean');
        for (const format of ['pickle', 'plist', 'marshal', 'java', 'lmdb'] as const) {
          const end = markedStringEnd(Buffer.from(content), at % (content.length + 1), format);
          if (end !== null) expect(end).toBeGreaterThan(at % (content.length + 1));
        }
      }),
      { numRuns: 500 },
    );
  });
});

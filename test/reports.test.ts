/** Reports: what a person reads, what a program reads, what `patch` takes. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBytes } from '../src/formats/byte-text.ts';
import { applySplices, mergeSplices } from '../src/formats/splices.ts';
import { RULE_NAMES, type RuleCode } from '../src/model/codes.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import type { FileChange, Plan } from '../src/model/plan.ts';
import type { Reference, Splice } from '../src/model/reference.ts';
import type { ScanReport } from '../src/model/report.ts';
import type { Scan } from '../src/model/scan.ts';
import { colourPaint, plainPaint } from '../src/reports/paint.ts';
import { patchOf } from '../src/reports/patch.ts';
import { planText } from '../src/reports/plan-text.ts';
import { scanJson, scanNdjson } from '../src/reports/scan-json.ts';
import { scanText, type ScanTextOptions } from '../src/reports/scan-text.ts';
import { shellWord } from '../src/reports/shell-word.ts';
import { bytes, columnsOf, count, shorten, wrap } from '../src/reports/words.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { reportOf } from './support/report.ts';

const TREE = asAbsolutePath('/srv/build/site');

function reference(code: RuleCode, file: string, parts: Partial<Reference> = {}): Reference {
  return {
    code,
    rule: RULE_NAMES[code],
    file: asTreePath(file),
    site: { kind: 'text', start: 2, end: 33, line: 1, column: 3 },
    path: `${TREE}/bin/python3`,
    prefix: TREE,
    scope: 'inside',
    applicability: 'safe',
    fix: 'relative',
    note: '',
    ...parts,
  };
}

function scanOf(references: readonly Reference[], parts: Partial<Scan> = {}): Scan {
  return {
    version: 1,
    tree: TREE,
    prefixes: [{ path: TREE, base: asTreePath(''), source: 'tree', evidence: '' }],
    summary: {
      files: 1204,
      directories: 7,
      symlinks: 1,
      bytes: 1_234_567,
      references: references.length,
      byCode: {},
      byFix: { relative: 0, pinned: 0, blocked: 0, none: 0 },
      maxPrefixBytes: null,
    },
    references,
    files: [],
    dependents: [],
    excluded: [],
    unusedAllowances: [],
    warnings: [],
    ...parts,
  };
}

const textOf = (report: ScanReport, options: Partial<ScanTextOptions> = {}): string =>
  [...scanText(report, { paint: plainPaint, columns: 100, by: 'file', all: false, ...options })].join('\n');
const text = (scan: Scan, options: Partial<ScanTextOptions> = {}): string => textOf(reportOf(scan), options);
const printed = (pieces: Iterable<string | Uint8Array>): string =>
  Array.from(pieces, (piece) => Buffer.from(piece).toString()).join('');

describe('a scan as text', () => {
  it('names the tree, its prefixes with their evidence, what was found, the counts and what to do next', () => {
    const scan = scanOf(
      [
        reference('RL101', 'bin/pip'),
        reference('RL302', 'bin/python3', {
          site: { kind: 'symlink' },
          path: '/usr/bin/python3',
          prefix: null,
          scope: 'outside',
          fix: 'none',
          note: 'a requirement',
        }),
        reference('RL201', 'etc/site.conf', {
          site: { kind: 'text', start: 200, end: 215, line: 12, column: 7 },
          fix: 'pinned',
          path: `${TREE}/var`,
        }),
        reference('RL406', 'lib/x.so', {
          site: { kind: 'slot', start: 4096, end: 4111, capacity: 20 },
          fix: 'blocked',
          note: 'it counts its bytes',
        }),
        reference('RL507', 'lib/a.pyc', { fix: 'none' }),
      ],
      {
        prefixes: [
          { path: TREE, base: asTreePath(''), source: 'tree', evidence: '' },
          {
            path: asAbsolutePath('/old/site'),
            base: asTreePath(''),
            source: 'recorded',
            evidence: 'pyvenv.cfg: command',
          },
        ],
      },
    );
    expect(text(scan)).toMatchInlineSnapshot(`
      "/srv/build/site  1,204 files, 1 link, 7 folders, 1.2 MB
        /srv/build/site  this tree
        /old/site        pyvenv.cfg: command

      bin/pip
          1:3  RL101 absolute-shebang       relative  /srv/build/site/bin/python3
      bin/python3
           ->  RL302 outside-symlink        outside   /usr/bin/python3
               a requirement
      etc/site.conf
         12:7  RL201 absolute-path-in-text  pinned    /srv/build/site/var
      lib/x.so
        @4096  RL406 path-in-binary         blocked   /srv/build/site/bin/python3
               it counts its bytes
      in short (--all lists each)
          1 ×  RL507 pyc-filename           harmless  in 1 file: a.pyc

      5 references in 5 files: 1 becomes relative, 1 pinned, 1 blocked, 1 outside, 1 harmless
      What would help where it is blocked: relocate explain RL406
      Next: relocate fix /srv/build/site
        or: relocate pack /srv/build/site -o FILE  (the tree stays as it is)"
    `);
  });

  it('folds what repeats itself, and lists it with --all', () => {
    const scripts = Array.from({ length: 40 }, (_, i) => reference('RL101', `bin/script${i}`));
    const lines = text(scanOf(scripts)).split('\n');
    expect(lines.filter((line) => line.includes('RL101'))).toHaveLength(4);
    expect(lines.find((line) => line.includes('37 ×'))).toMatch(
      /37 × {2}RL101 absolute-shebang {2}relative {2}in 37 files: script3, script4, script5, …/,
    );
    expect(
      text(scanOf(scripts), { all: true })
        .split('\n')
        .filter((line) => line.includes('RL101')),
    ).toHaveLength(40);
  });

  it('lists the first of many in one file', () => {
    const many = Array.from({ length: 60 }, (_, i) =>
      reference('RL509', 'lib/_sysconfigdata.py', {
        site: { kind: 'text', start: i, end: i + 9, line: i + 1, column: 1 },
      }),
    );
    const lines = text(scanOf(many));
    expect(lines).toContain('and 55 more here');
    expect(lines.match(/RL509/g)).toHaveLength(5);
  });

  it('keeps to the columns of the terminal', () => {
    const long = reference('RL201', `etc/${'deep/'.repeat(40)}x`, {
      path: `${TREE}/${'long'.repeat(60)}`,
      fix: 'blocked',
      note: 'word '.repeat(60).trim(),
    });
    for (const by of ['file', 'rule'] as const)
      for (const line of text(scanOf([long]), { columns: 80, by }).split('\n'))
        expect(columnsOf(line)).toBeLessThanOrEqual(80);
  });

  it('says of an allowed reference why, and that nothing ties the tree', () => {
    const found = scanOf([reference('RL201', 'docs/x', { fix: 'pinned' })]);
    const said = textOf(reportOf(found, 'an example'), { all: true });
    expect(said).toContain('an example');
    expect(said).toContain('Nothing ties this tree to its place');
  });

  it('shows names that are no text without harm to the terminal', () => {
    const wild = reference('RL201', decodeBytes(Buffer.from('etc/a\x1b[31m\n\xff', 'latin1')), { fix: 'pinned' });
    expect(text(scanOf([wild]))).toContain('etc/a\\x1b[31m\\n\\xff');
  });

  it('is the same with colours but for the colours', () => {
    const scan = scanOf([
      reference('RL101', 'bin/pip'),
      reference('RL406', 'lib/x', { fix: 'blocked', note: 'because' }),
    ]);
    const plain = text(scan);
    const coloured = text(scan, { paint: colourPaint });
    expect(coloured).not.toBe(plain);
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
  });
});

describe('a scan as JSON', () => {
  const odd = reference('RL101', decodeBytes(Buffer.from('bin/\xff', 'latin1')), {
    relative: { kind: 'splices', splices: [] },
  });

  it('is one document in the documented shape, without the ways of editing', () => {
    const document = JSON.parse(printed(scanJson(reportOf(scanOf([reference('RL101', 'bin/pip'), odd]))))) as {
      references: object[];
    };
    expect(Object.keys(document)).toEqual([
      'version',
      'tree',
      'prefixes',
      'summary',
      'excluded',
      'unusedAllowances',
      'warnings',
      'references',
    ]);
    expect(document.references[0]).toEqual({
      code: 'RL101',
      rule: 'absolute-shebang',
      file: 'bin/pip',
      site: { kind: 'text', start: 2, end: 33, line: 1, column: 3 },
      path: '/srv/build/site/bin/python3',
      prefix: '/srv/build/site',
      scope: 'inside',
      fix: 'relative',
      applicability: 'safe',
      note: '',
    });
  });

  it('has the bytes of a name that is not UTF-8', () => {
    const line = printed(scanNdjson(reportOf(scanOf([odd]))));
    const { fileBytes } = JSON.parse(line) as { fileBytes: string };
    expect(Buffer.from(fileBytes, 'base64')).toEqual(Buffer.from('bin/\xff', 'latin1'));
  });

  it('is a document without references too', () => {
    expect((JSON.parse(printed(scanJson(reportOf(scanOf([]))))) as { references: [] }).references).toEqual([]);
  });
});

describe('a plan', () => {
  const base = { aliases: [], before: '', follows: [], renders: [], seals: [] } as const;
  const edited = reference('RL101', 'bin/pip');
  const plan: Plan = {
    version: 1,
    tree: TREE,
    relocations: [],
    via: null,
    changes: [
      {
        ...base,
        kind: 'content',
        file: asTreePath('bin/pip'),
        edits: [{ reference: edited, form: 'relative', replacement: '#!/usr/bin/env -S sh' }],
        splices: [],
      },
      {
        ...base,
        kind: 'remove',
        file: asTreePath('lib/a.pyc'),
        edits: [],
        reason: 'byte code of lib/a.py, which changes',
      },
    ],
    refusals: [
      {
        reference: reference('RL405', 'lib/x.so', { fix: 'pinned' }),
        reason: 'cannot-grow',
        note: 'there is room for 15 bytes and 20 are needed',
      },
      {
        reference: reference('RL201', 'etc/x'),
        reason: 'in-place',
        note: 'absolute, and true where the tree stands now',
      },
    ],
  };

  it('shows every edit, what follows and what stays, with the reason', () => {
    expect([...planText(plan, { paint: plainPaint, columns: 100, all: false })].join('\n')).toMatchInlineSnapshot(`
      "/srv/build/site  a plan: nothing is changed yet

      bin/pip
          1:3  RL101 absolute-shebang  relative  #!/usr/bin/env -S sh
      1 file of byte code removed, as the source changes

      Stays as it is
      lib/x.so
          1:3  RL405 path-in-c-string       cannot-grow  /srv/build/site/bin/python3
               there is room for 15 bytes and 20 are needed
      in short (--all lists each)
          1 ×  RL201 absolute-path-in-text  in-place     in 1 file: x

      2 files change: 1 reference relative
      2 references stay as they are: 1 absolute and right already, 1 without room for the path
      Next: relocate fix /srv/build/site  (line by line: relocate fix /srv/build/site --diff)"
    `);
  });
});

describe('a patch', () => {
  const change = (file: string): FileChange => ({
    kind: 'content',
    file: asTreePath(file),
    aliases: [],
    before: '',
    edits: [],
    splices: [],
    follows: [],
    renders: [],
    seals: [],
  });
  const patch = (file: string, before: Buffer, splices: readonly Splice[]): Buffer =>
    patchOf({ change: change(file), before, splices }, plainPaint);

  function patched(files: Readonly<Record<string, Buffer>>, patches: Buffer): string {
    const folder = temporaryFolder();
    writeTree(folder, files);
    execFileSync('patch', ['-p1', '--silent'], { cwd: folder, input: patches });
    return folder;
  }

  it('gives the new bytes when `patch -p1` applies it', () => {
    const files = {
      'bin/a b': Buffer.from('#!/srv/x/bin/python\nimport os\n'),
      'crlf.txt': Buffer.from('one\r\n/srv/x\r\nthree\r\n'),
      'latin1.txt': Buffer.from('caf\xe9 /srv/x\n', 'latin1'),
      'no-end.txt': Buffer.from('first\n/srv/x'),
      'na"me\\é.txt': Buffer.from('/srv/x\n'),
    };
    const splices = (before: Buffer): Splice[] => {
      const start = before.indexOf('/srv/x');
      return [{ start, end: start + 6, text: '/new é/\udcff' }];
    };
    const folder = patched(
      files,
      Buffer.concat(Object.entries(files).map(([name, before]) => patch(name, before, splices(before)))),
    );
    for (const [name, before] of Object.entries(files))
      expect(readFileSync(join(folder, name)), name).toEqual(applySplices(before, splices(before)));
  });

  it('makes the same bytes as the fix, whatever the splices', () => {
    const splice = fc.record({
      start: fc.nat(60),
      length: fc.nat(6),
      text: fc.constantFrom('', 'new', 'a\nb', '\udcff'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('ab\n', 'c', '\n', 'de f\n'), { minLength: 20, maxLength: 30 }),
        fc.array(splice, { maxLength: 4 }),
        (pieces, raw) => {
          const before = Buffer.from(pieces.join('').padEnd(70, 'x'));
          const splices: Splice[] = [];
          let from = 0;
          for (const { start, length, text: replacement } of raw.toSorted((a, b) => a.start - b.start)) {
            if (start < from || (length === 0 && replacement === '')) continue;
            splices.push({ start, end: start + length, text: replacement });
            from = start + length + 1;
          }
          const after = applySplices(before, mergeSplices(splices));
          const shown = patch('f', before, splices);
          if (after.equals(before)) expect(shown.toString()).toBe('');
          else expect(readFileSync(join(patched({ f: before }, shown), 'f'))).toEqual(after);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('changes a symlink too', () => {
    const folder = temporaryFolder();
    symlinkSync('/srv/x/lib', join(folder, 'lib64'));
    const link: FileChange = {
      kind: 'retarget',
      file: asTreePath('lib64'),
      aliases: [],
      before: '',
      target: 'lib',
      edits: [
        {
          reference: reference('RL301', 'lib64', { path: '/srv/x/lib', site: { kind: 'symlink' } }),
          form: 'relative',
          replacement: 'lib',
        },
      ],
    };
    execFileSync('git', ['apply', '--unsafe-paths', '--directory', folder, '-'], {
      cwd: '/',
      input: patchOf({ change: link, before: null, splices: [] }, plainPaint),
    });
    expect(readlinkSync(join(folder, 'lib64'))).toBe('lib');
  });

  it('says of a binary only that it differs', () => {
    expect(patch('x', Buffer.from('a\0b'), [{ start: 0, end: 1, text: 'c' }]).toString()).toBe(
      'diff --git a/x b/x\nBinary files a/x and b/x differ\n',
    );
  });
});

describe('words', () => {
  it('are numbers as people write them', () => {
    expect([count(1204), bytes(812), bytes(1_234_567), bytes(999_950)]).toEqual(['1,204', '812 B', '1.2 MB', '1.0 MB']);
  });

  it('keep both ends of what is too long', () => {
    expect(shorten('/srv/build/site/lib', 10)).toBe('/srv…e/lib');
    expect(shorten('short', 10)).toBe('short');
  });

  it('break at spaces', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  });

  it.each(['/srv/my site', "/it's", '/plain', 'a\nb', '$HOME', decodeBytes(Buffer.from([0x2f, 0xff]))])(
    'of a shell are read back by bash: %j',
    (path) => {
      const read = execFileSync('bash', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'buffer' });
      expect(decodeBytes(read)).toBe(path);
    },
  );
});

/** Paths with every awkward character, written by real writers, are found, written anew, and read back by real parsers. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeBytes } from '../src/formats/byte-text.ts';
import { applySplices } from '../src/formats/splices.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { temporaryFolder } from './support/folder.ts';

const NAMES = [
  'plain-1.0',
  'my site',
  "it's",
  'say "hi"',
  'a$b',
  'r&d <x>',
  'é-ü',
  '目录😀',
  '100%',
  'back\\slash',
  'semi;colon,(x)',
  'bad\udcff',
  'new\nline',
  '`tick` ~!#*?[x]{y}|=@',
];

/** Each writer gives the bytes of a file that holds a path; each reader the path (and what follows it) from the bytes. */
const SCRIPT = String.raw`
import ast, html, json, os, plistlib, re, shlex, subprocess, sys, urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr
fs = os.fsencode
def raw(text): return text.encode('utf-8', 'surrogateescape')
def utf8(text): return text.encode('utf-8')
def slash(text): return text.replace('/', '\\/')
def yaml(text):
    if '\n' in text: raise ValueError
    return text.replace("'", "''")
def double(p): return re.sub(r'(["\\$${'`'}])', r'\\\1', p)
def bare(p):
    if '\n' in p: raise ValueError
    return re.sub('([^a-zA-Z0-9_/.\x80-\U0010ffff-])', r'\\\1', p)
def line(text):
    if '\n' in text: raise ValueError
    return text
def sh_all(places):
    script = 'cd() { printf %s "$1"; }; for f do (. "$f" 2>/dev/null); printf "\\0"; done'
    out = subprocess.run(['sh', '-c', script, 'sh', *places], capture_output=True, check=True).stdout
    return dict(zip(places, map(os.fsdecode, out.split(b'\0'))))
W = {
  'ascii.json': (lambda p: utf8(json.dumps({'p': p, 'q': [p]})), lambda b: json.loads(b)['p']),
  'utf8.json': (lambda p: utf8(json.dumps({'p': p}, ensure_ascii=False)), lambda b: json.loads(b)['p']),
  'slash.json': (lambda p: utf8(slash(json.dumps({'p': p}))), lambda b: json.loads(b)['p']),
  'unicode.json': (lambda p: utf8(json.dumps({'p': p}).replace('/', '\\u002f')), lambda b: json.loads(b)['p']),
  'html-safe.json': (lambda p: utf8(re.sub("[<>&']", lambda m: '\\u%04x' % ord(m[0]), json.dumps({'p': p}))), lambda b: json.loads(b)['p']),
  'repr.py': (lambda p: utf8('p = %r\n' % p), lambda b: ast.literal_eval(b.decode().split(' = ', 1)[1])),
  'ascii.py': (lambda p: utf8('p = %s\n' % ascii(p)), lambda b: ast.literal_eval(b.decode().split(' = ', 1)[1])),
  'bytes.py': (lambda p: utf8('p = %r\n' % raw(p)), lambda b: os.fsdecode(ast.literal_eval(b.decode().split(' = ', 1)[1]))),
  'latin1.py': (lambda p: b'# coding: latin-1\n# caf\xe9\np = ' + ascii(p).encode(), lambda b: ast.literal_eval(b.decode('latin-1').split(' = ', 1)[1])),
  'quote.sh': (lambda p: raw('cd ' + shlex.quote(p)), None),
  'double.sh': (lambda p: raw('cd "' + double(p) + '"'), None),
  'bare.sh': (lambda p: raw('cd ' + bare(p)), None),
  'url.txt': (lambda p: utf8('see <file://' + urllib.parse.quote(fs(p)) + '>'), lambda b: os.fsdecode(urllib.parse.unquote_to_bytes(b[len(b'see <file://'):-1]))),
  'component.txt': (lambda p: utf8('http://h/?next=' + urllib.parse.quote(fs(p), safe='')), lambda b: os.fsdecode(urllib.parse.unquote_to_bytes(b.split(b'=', 1)[1]))),
  'form.txt': (lambda p: utf8('http://h/?next=' + urllib.parse.quote_plus(fs(p))), lambda b: urllib.parse.parse_qs(b.decode().split('?')[1], errors='surrogateescape')['next'][0]),
  'attribute.xml': (lambda p: utf8('<a b=' + quoteattr(p) + '/>'), lambda b: ET.fromstring(b).get('b')),
  'text.xml': (lambda p: utf8('<a>' + escape(p) + '</a>'), lambda b: ET.fromstring(b).text),
  'entities.xml': (lambda p: utf8(p) and b'<a>' + escape(p).encode('ascii', 'xmlcharrefreplace') + b'</a>', lambda b: ET.fromstring(b).text),
  'page.html': (lambda p: utf8('<a href="' + html.escape(p) + '">'), lambda b: html.unescape(b.decode()[9:-2])),
  'x.plist': (lambda p: plistlib.dumps({'p': p}), lambda b: plistlib.loads(b)['p']),
  'single.yaml': (lambda p: raw("p: '" + yaml(p) + "'\n"), lambda b: b.decode('utf-8', 'surrogateescape')[4:-2].replace("''", "'")),
  'plain.ini': (lambda p: raw('root=' + line(p) + '\n'), lambda b: b.decode('utf-8', 'surrogateescape')[5:-1]),
}
# what follows the prefix comes back as it was written
TAIL = '/x'
mode, root, paths = sys.argv[1], sys.argv[2], [os.fsdecode(bytes.fromhex(h)) for h in sys.argv[3:]]
answer = {}
scripts = [os.path.join(root, str(i), name) for i in range(len(paths)) for name in W if name.endswith('.sh')]
ran = sh_all([s for s in scripts if os.path.exists(s)]) if mode == 'read' else {}
for i, path in enumerate(paths):
    folder = os.path.join(root, str(i)); os.makedirs(folder, exist_ok=True)
    for name, (write, read) in W.items():
        place = os.path.join(folder, name)
        try:
            if mode == 'write': open(place, 'wb').write(write(path + TAIL))
            elif os.path.exists(place):
                value = ran[place] if read is None else read(open(place, 'rb').read())
                if not value.endswith(TAIL): raise ValueError('no tail: %r' % value)
                answer['%d/%s' % (i, name)] = fs(value[:-len(TAIL)]).hex()
        except Exception as e:
            if mode == 'read': answer['%d/%s' % (i, name)] = 'error: %s' % e
            elif os.path.exists(place): os.unlink(place)
print(json.dumps(answer))
`;

function python(mode: 'write' | 'read', root: string, paths: readonly string[]): Record<string, string> {
  const script = join(root, '..', 'writers.py');
  writeFileSync(script, SCRIPT);
  const hexes = paths.map((path) => encode(path).toString('hex'));
  return JSON.parse(
    execFileSync('python3', [script, mode, root, ...hexes], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONUTF8: '1' },
    }),
  );
}

function encode(path: string): Buffer {
  return Buffer.concat(
    [...path].map((char) =>
      /^[\udc80-\udcff]$/u.test(char) ? Buffer.from([char.charCodeAt(0) - 0xdc00]) : Buffer.from(char),
    ),
  );
}

const OLD = NAMES.map((name) => `/srv/build/${name}`);

let written: string;
beforeAll(() => {
  written = mkdtempSync(join(tmpdir(), 'relocate-written-'));
  python('write', join(written, 'tree'), OLD);
});
afterAll(() => rmSync(written, { recursive: true, force: true }));

test.each(NAMES)('every path becomes one with %j', async (name) => {
  const folder = temporaryFolder();
  const tree = join(folder, 'tree');
  cpSync(join(written, 'tree'), tree, { recursive: true });
  const destination = `/new/${name}`;
  const found = await scan(tree, { prefixes: OLD, jobs: 1 });
  const planned = plan(found, { to: destination as never });
  for (const change of planned.changes)
    if (change.kind === 'content') {
      const place = join(tree, change.file);
      writeFileSync(place, applySplices(readFileSync(place), change.splices));
    }
  const refused = new Set(planned.refusals.map(({ reference }) => reference.file as string));
  const wrong: string[] = [];
  for (const [file, hex] of Object.entries(python('read', tree, OLD))) {
    const value = hex.startsWith('error') ? hex : decodeBytes(Buffer.from(hex, 'hex'));
    const old = OLD[Number(file.split('/')[0])];
    if (refused.has(file) ? value !== old : value !== destination) wrong.push(`${file}: ${JSON.stringify(value)}`);
  }
  expect(wrong).toEqual([]);
  // what can't hold the path says so: XML a byte that is no character, the others a line end or a blank
  for (const { reference, reason } of planned.refusals)
    expect([reference.file, reason]).toEqual([expect.stringMatching(REFUSABLE[name] ?? /^$/), 'cannot-escape']);
});

const REFUSABLE: Readonly<Record<string, RegExp>> = {
  'bad\udcff': /\.(xml|plist|html)$/,
  'new\nline': /\.(yaml)$/,
};

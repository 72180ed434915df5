/** Where a prefix counts as a path of its own: the table of bytes.md, in every way a path may be written. */
import { describe, expect, test } from 'vitest';
import { compileNeedles, findHits } from '../../src/formats/needles.ts';
import { asAbsolutePath, asTreePath } from '../../src/model/path.ts';

const PREFIX = { path: asAbsolutePath('/srv/site'), base: asTreePath(''), source: 'tree', evidence: '' } as const;
const NEEDLES = compileNeedles([PREFIX]);

function hitsIn(text: string | Buffer): { text: string; ambiguous: boolean }[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return findHits(bytes, NEEDLES).map(({ start, end, ambiguous }) => ({
    text: bytes.toString('latin1', start, end),
    ambiguous,
  }));
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

describe('a path of its own', () => {
  test.each([
    '/srv/site',
    '/srv/site/bin',
    'x=/srv/site\n',
    'x="/srv/site"',
    "x='/srv/site'",
    'x=`/srv/site`',
    '/srv/site: y',
    '/srv/site; y',
    '/srv/site, y',
    '(/srv/site)',
    '[/srv/site]',
    '{/srv/site}',
    '</srv/site>',
    '/srv/site=y',
    '/srv/site|y',
    '/srv/site&y',
    '/srv/site*',
    '/srv/site?x',
    '/srv/site#x',
    '/srv/site!',
    '/srv/site\\n',
    '/srv/site\0x',
    '/srv/site\tx',
    'ends in /srv/site.',
    'ends in /srv/site. Then',
    'loading /srv/site...',
    '/srv/site.\n',
    '-I/srv/site',
    '-Wl,-rpath,/srv/site/lib',
    '${x}/srv/site',
    '$(x)/srv/site',
    'PATH=/usr/bin:/srv/site/bin',
    'a@host:/srv/site',
    '//srv/site',
    'file:///srv/site/x',
    'file:/srv/site',
    'file://localhost/srv/site',
    'git+file:///srv/site',
    'sqlite:////srv/site/db',
    'http://unix:/srv/site/sock:/',
    'PATH=/usr/bin://srv/site',
    '“/srv/site”',
    '«/srv/site»',
    '路径：/srv/site，然后',
    '\ufeff/srv/site',
    '\\n/srv/site',
    '"\\u003d/srv/site"',
    '\\/srv\\/site',
    '\\/srv\\/site\\/x',
    '"\\/srv\\/site"',
    '\\u002fsrv\\u002fsite\\u002fx',
    'next=%2Fsrv%2Fsite',
    'next%3D%2Fsrv%2Fsite%2Fx',
    '%2fsrv%2fsite%26x',
    '&quot;&#x2F;srv&#x2F;site&#x2F;x',
    '/srv/site&quot;',
    '/srv/site%2Fx',
    '/srv/site%22',
    '/srv/site\\"',
    '\\(/srv/site\\)',
    '/srv/sitePK\x03\x04',
  ])('%j', (text) => {
    expect(hitsIn(text)).toHaveLength(1);
    expect(hitsIn(text)[0]?.ambiguous).toBe(false);
  });
});

describe('another path', () => {
  test.each([
    '/srv/site2',
    '/srv/siteX',
    '/srv/sitePK',
    '/srv/site_2',
    '/srv/site-old/x',
    '/srv/site.bak',
    '/srv/site..x',
    '/srv/site+x',
    '/srv/site~',
    '/srv/site@x',
    '/srv/site%s',
    '/srv/site%20x',
    '/srv/site%C3%A9',
    '/srv/siteé',
    '/srv/site目录',
    '/srv/site\\u00e9',
    '/srv/site\\xe9',
    '/srv/site\\303\\251',
    '/srv/site\\U0001f600',
    '/srv/site&#233;',
    '/srv/site&#xE9;',
    '/srv/site\\ 2',
    '/srv/site\\-old',
    '/srv/site\\.bak',
    '/mnt/srv/site',
    '/mnt//srv/site',
    'mnt/x/srv/site',
    '/mé/srv/site',
    '/my\\ dir/srv/site',
    '/m\\u00e9/srv/site',
    '/m&#233;/srv/site',
    './srv/site',
    '../srv/site',
    '../../srv/site',
    '~/srv/site',
    '~me/srv/site',
    'http://srv/site',
    'https://host/srv/site',
    'http://localhost/srv/site',
    'ssh://host/srv/site',
    '\\/mnt\\/srv\\/site',
    '\\u002fmnt\\u002fsrv\\u002fsite',
    '%2Fmnt%2Fsrv%2Fsite',
    '&#x2F;mnt&#x2F;srv&#x2F;site',
    '\\/srv\\/site2',
    '\\u002fsrv\\u002fsite\\u0032',
    '%2Fsrv%2Fsite%2D2',
    '/srv/sit',
    '/SRV/SITE',
    '/srv//site',
  ])('%j', (text) => {
    expect(hitsIn(text)).toEqual([]);
  });
});

describe('what may be either is found, and marked', () => {
  test.each(['/srv/site$x', '/srv/site$', '/srv/site\\$x', '%2Fsrv%2Fsite%24x'])('%j', (text) => {
    expect(hitsIn(text).map(({ ambiguous }) => ambiguous)).toEqual([true]);
  });

  test('a byte that is no UTF-8 stands right behind or before', () => {
    expect(hitsIn(latin1('x=/srv/site\xe9tat'))).toEqual([{ text: '/srv/site', ambiguous: true }]);
    expect(hitsIn(latin1('x=\xe9/srv/site'))).toEqual([{ text: '/srv/site', ambiguous: true }]);
    expect(hitsIn(latin1('/srv/site\xff\xfe/srv/site'))).toHaveLength(2);
  });
});

describe.each([
  ['utf-16le', 2],
  ['utf-16be', 2],
  ['utf-32le', 4],
  ['utf-32be', 4],
] as const)('%s', (encoding, width) => {
  const encode = (text: string): Buffer => {
    const codes =
      width === 2
        ? [...Array(text.length).keys()].map((i) => text.charCodeAt(i))
        : [...text].map((char) => char.codePointAt(0) ?? 0);
    const bytes = Buffer.alloc(codes.length * width);
    codes.forEach((code, i) =>
      encoding.endsWith('le') ? bytes.writeUIntLE(code, i * width, width) : bytes.writeUIntBE(code, i * width, width),
    );
    return bytes;
  };

  test.each([
    '/srv/site',
    'x="/srv/site"',
    '\ufeff/srv/site/x',
    'a\n/srv/site\n',
    '“/srv/site”',
    '/srv/site.',
    '一/srv/site',
  ])('%j', (text) => {
    const found = findHits(encode(text), NEEDLES);
    expect(found.map(({ escaping, start }) => [escaping, start])).toEqual([
      [encoding, encode(text.slice(0, text.indexOf('/'))).length],
    ]);
  });

  test.each(['/srv/site2', '/srv/siteé', '/srv/site\u4f20', '/mnt/srv/site', '/srv/site.bak'])('not %j', (text) => {
    expect(findHits(encode(text), NEEDLES)).toEqual([]);
  });
});

test('of nested prefixes the longer one takes the bytes', () => {
  const inner = { ...PREFIX, path: asAbsolutePath('/srv/site/env'), base: asTreePath('env') };
  const found = findHits(Buffer.from('/srv/site/env/bin /srv/site/environment'), compileNeedles([PREFIX, inner]));
  expect(found.map(({ prefix, start }) => [prefix.path, start])).toEqual([
    ['/srv/site/env', 0],
    ['/srv/site', 18],
  ]);
});

/** A tree that was made a template: filled in where it comes to stand, by fix or by install; taken back by undo. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { relocateOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';

const FILES = (site: string): Record<string, string> => ({
  'etc/a.ini': `root=${site}\nlog=${site}/log\n`,
  'etc/url.txt': `file://${site.replaceAll(' ', '%20')}/x\n`,
  'etc/b.json': JSON.stringify({ root: `${site}/x` }).replaceAll('/', '\\/'),
});

function template(): { readonly folder: string; readonly site: string; readonly before: string } {
  const folder = temporaryFolder();
  const site = join(folder, 'site');
  writeTree(site, FILES(site));
  const before = listing(site, { own: true });
  relocateOk(['fix', site, '--template']);
  expect(readFileSync(join(site, 'etc/a.ini'), 'utf8')).toBe('root=@@RELOCATE_PREFIX@@\nlog=@@RELOCATE_PREFIX@@/log\n');
  return { folder, site, before };
}

function expectFilledIn(place: string): void {
  for (const [path, content] of Object.entries(FILES(place))) {
    const found = readFileSync(join(place, path), 'utf8');
    // a placeholder holds no slash that would tell how slashes were written: the value counts
    if (path.endsWith('.json')) expect(JSON.parse(found)).toEqual(JSON.parse(content));
    else expect(found).toBe(content);
  }
}

test('fix fills it in at its new place', () => {
  const { folder, site } = template();
  const place = join(folder, 'a new place');
  renameSync(site, place);
  relocateOk(['fix', place]);
  expectFilledIn(place);
});

test('made a template again it stays as it is, and undo gives everything back', () => {
  const { site, before } = template();
  const made = listing(site);
  relocateOk(['fix', site, '--template']);
  expect(listing(site)).toBe(made);
  relocateOk(['undo', site]);
  expect(listing(site)).toBe(before);
});

test('pack and install fill it in', () => {
  const { folder, site } = template();
  mkdirSync(join(folder, 'target'));
  const place = join(folder, 'target/a new place');
  relocateOk(['pack', site, '-o', join(folder, 'site.tar.gz')]);
  relocateOk(['install', join(folder, 'site.tar.gz'), place]);
  expectFilledIn(place);
  relocateOk(['verify', place]);
});

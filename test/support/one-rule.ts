/** Runs single rules over a tree on disk, as a scan does, and carries out what they say. */
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { writeAbsolute } from '../../src/formats/absolute-form.ts';
import { compileNeedles, findHits } from '../../src/formats/needles.ts';
import { applySplices, mergeSplices } from '../../src/formats/splices.ts';
import { probeTree } from '../../src/io/tree-probe.ts';
import { wholeView } from '../../src/io/file-view.ts';
import { asAbsolutePath, asTreePath, type TreePath } from '../../src/model/path.ts';
import type { Prefix } from '../../src/model/prefix.ts';
import type { Splice } from '../../src/model/reference.ts';
import { USUAL, type Claim, type FileRule } from '../../src/rules/rule.ts';

export interface Claimed extends Claim {
  readonly file: TreePath;
  readonly code: string;
}

/** The claims of the rules, in order, on every file of the tree. `tree` is a real path. */
export function claimsOf(rules: readonly FileRule[], tree: string, prefixes: readonly (string | Prefix)[]): Claimed[] {
  const known = prefixes.map((prefix) => (typeof prefix === 'string' ? rootPrefix(prefix) : prefix));
  const needles = compileNeedles(known);
  const context = probeTree(asAbsolutePath(tree), known, USUAL);
  return filesOf(tree).flatMap((path) => {
    const bytes = readFileSync(join(tree, path));
    const view = wholeView(
      { path: asTreePath(path), names: [asTreePath(path)], links: [], size: bytes.length, mode: 0o644 },
      bytes,
    );
    let hits = findHits(bytes, needles);
    return rules.flatMap((rule) => {
      if (!rule.appliesTo(view) || (hits.length === 0 && rule.isInteresting?.(view.path, view.head) !== true))
        return [];
      const claims = [...rule.claim(view, hits, context)];
      hits = hits.filter((hit) => !claims.some((claim) => claim.hit === hit));
      return claims.map((claim) => ({ ...claim, file: asTreePath(path), code: rule.code }));
    });
  });
}

/** Makes relative what can be, and writes `destination` where that is impossible. Gives the claims. */
export function fixTree(
  rules: readonly FileRule[],
  tree: string,
  prefixes: readonly string[],
  destination: string,
): Claimed[] {
  const claims = claimsOf(rules, tree, prefixes);
  for (const file of new Set(claims.map((claim) => claim.file))) {
    const splices = claims.filter((claim) => claim.file === file).map((claim) => splicesOf(claim, destination));
    const path = join(tree, file);
    writeFileSync(path, applySplices(readFileSync(path), mergeSplices(...splices)));
  }
  return claims;
}

function splicesOf(claim: Claimed, destination: string): readonly Splice[] {
  if (claim.relative?.kind === 'splices') return claim.relative.splices;
  if (claim.absolute === undefined || claim.fix === 'none') return [];
  const written = writeAbsolute(claim.absolute, destination);
  if (!written.ok) throw new Error(`${claim.file}: ${written.why}, ${written.room} bytes of room`);
  return written.splices;
}

function filesOf(tree: string): string[] {
  const all = glob.sync('**', { cwd: tree, dot: true, followSymbolicLinks: false }).sort();
  return all.filter((path) => lstatSync(join(tree, path)).isFile());
}

function rootPrefix(path: string): Prefix {
  return { path: asAbsolutePath(path), base: asTreePath(''), source: 'option', evidence: '' };
}

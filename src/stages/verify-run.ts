/** Runs what a tree offers, with the places hidden where it was before: its Pythons, and the interpreters of its console scripts. */
import { runHidden, type HiddenRun } from '../io/hidden-run.ts';
import { hostPath } from '../io/entries.ts';
import { readHead } from '../io/pieces.ts';
import { baseName, dirName, joinAbsolute, joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { ProgramRun } from '../model/verdict.ts';
import { walk } from './walk.ts';

export interface RanPrograms {
  readonly programs: readonly ProgramRun[];
  readonly warnings: readonly string[];
}

/** Prints the prefix that this Python takes itself to have, and ends it before it runs anything. */
const PROBE =
  'import os, sys\nos.write(1, (sys.prefix + "\\n").encode("utf-8", "surrogateescape") if sys.version_info[0] > 2 else sys.prefix + "\\n")\nos._exit(0)\n';

/** What makes a Python ignore the probe. */
const DEAF = /\s-[A-Za-z]*[EIS]/;

/** Runs the programs of every virtual environment in a tree. */
export async function runPrograms(tree: AbsolutePath, hidden: readonly AbsolutePath[]): Promise<RanPrograms> {
  const programs: ProgramRun[] = [];
  const warnings = new Set<string>();
  for (const environment of environmentsOf(tree)) {
    const place = joinAbsolute(tree, environment);
    for (const { program, isScript } of programsOf(tree, environment)) {
      const ran = isScript ? await askScript(tree, program, hidden) : await askPython(tree, program, hidden);
      if (ran === null) continue;
      if (ran.unhidden.length > 0)
        warnings.add(
          `${ran.unhidden.join(', ')} could not be hidden while programs ran: that takes root, and unshare and mount`,
        );
      programs.push({ program, ok: ran.ok && ran.output.trim() === place, note: noteOn(ran, place) });
    }
  }
  return { programs, warnings: [...warnings] };
}

function noteOn(ran: HiddenRun, place: AbsolutePath): string {
  const said = ran.output.trim();
  if (!ran.ok) return `does not run: ${ran.message.trim().split('\n').at(-1) ?? ''}`;
  return said === place ? `runs in ${place}` : `runs in ${said}, and not in ${place}`;
}

function environmentsOf(tree: AbsolutePath): TreePath[] {
  return [...walk(tree)].flatMap(({ path, type }) =>
    type === 'file' && baseName(path) === 'pyvenv.cfg' ? [dirName(path)] : [],
  );
}

function programsOf(
  tree: AbsolutePath,
  environment: TreePath,
): { readonly program: TreePath; readonly isScript: boolean }[] {
  const bin = joinTree(environment, 'bin');
  const found: { program: TreePath; isScript: boolean }[] = [];
  for (const { path, type, mode } of walk(joinAbsolute(tree, bin))) {
    if (path.includes('/')) continue;
    const program = joinTree(bin, path);
    if (path === 'python' && type !== 'directory') found.push({ program, isScript: false });
    else if (type === 'file' && (mode & 0o111) !== 0 && isPythonScript(tree, program))
      found.push({ program, isScript: true });
  }
  return found;
}

/** A script that a Python runs which takes note of PYTHONPATH; others would not stop at the probe, and really run. */
function isPythonScript(tree: AbsolutePath, program: TreePath): boolean {
  const [first = '', second = ''] = readHead(hostPath(tree, program), 512).toString('latin1').split('\n');
  if (!first.startsWith('#!')) return false;
  const lines = first.startsWith('#!/bin/sh') ? `${first} ${second}` : first;
  return /python|pypy/.test(lines) && !DEAF.test(lines.replace(/env\s+-S/, 'env'));
}

async function askPython(
  tree: AbsolutePath,
  program: TreePath,
  hidden: readonly AbsolutePath[],
): Promise<HiddenRun | null> {
  return runHidden(joinAbsolute(tree, program), ['-c', PROBE], hidden, null);
}

async function askScript(
  tree: AbsolutePath,
  program: TreePath,
  hidden: readonly AbsolutePath[],
): Promise<HiddenRun | null> {
  return runHidden(joinAbsolute(tree, program), [], hidden, PROBE);
}

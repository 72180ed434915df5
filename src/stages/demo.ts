/** demo: the main job on a small site in a temporary folder, step by step, with what was seen. */
import { makeFolder, makeWorkbench, moveFolder, removeFolder, runProgram, writePieces } from '../io/workbench.ts';
import type { DemoStep } from '../model/demo.ts';
import { apply } from './apply.ts';
import { shellPieces, virtualenvPieces } from './demo-site.ts';
import { install } from './install.ts';
import { pack } from './pack.ts';
import { plan } from './plan.ts';
import { scan } from './scan.ts';
import { verify } from './verify.ts';

export interface DemoOptions {
  /** Leave the folder for a look at it. */
  readonly keep?: boolean;
  /** Stops between two steps. */
  readonly signal?: AbortSignal;
}

/** Where the demo's things are, all below one temporary folder. */
interface Bench {
  readonly built: string;
  readonly hidden: string;
  readonly archive: string;
  readonly placed: string;
}

/** The program of the site that it was built for. */
const PROGRAM = 'bin/hello';

/** Runs the demo; at its end, however that comes, all that it made is removed. */
export async function* demo(options: DemoOptions = {}): AsyncGenerator<DemoStep> {
  const folder = makeWorkbench();
  const bench: Bench = {
    built: `${folder}/build/site`,
    hidden: `${folder}/gone/site`,
    archive: `${folder}/site.tar.gz`,
    placed: `${folder}/another place/site`,
  };
  try {
    for await (const step of steps(bench)) {
      yield step;
      options.signal?.throwIfAborted();
    }
  } finally {
    if (options.keep !== true) removeFolder(folder);
  }
}

async function* steps(bench: Bench): AsyncGenerator<DemoStep> {
  yield await build(bench.built);
  yield await run(bench.built, 'built');
  yield await scanned(bench.built);
  yield await fixed(bench.built);
  yield await packed(bench);
  yield await installed(bench);
  moveFolder(bench.built, bench.hidden);
  yield { kind: 'hidden', ok: true, from: bench.built, to: bench.hidden };
  yield await verified(bench);
  yield await run(bench.placed, 'installed');
}

/** A virtualenv where this host has Python, else shell. */
async function build(place: string): Promise<DemoStep> {
  makeFolder(place);
  const made = await runProgram('python3', ['-m', 'venv', '--without-pip', place]);
  if (!made.ok) {
    writePieces(place, shellPieces(place));
    return { kind: 'built', ok: true, place, form: 'shell' };
  }
  const asked = await runProgram(`${place}/bin/python3`, [
    '-c',
    'import sysconfig; print(sysconfig.get_path("purelib"))',
  ]);
  writePieces(place, virtualenvPieces(place, asked.output.slice(place.length + 1)));
  return { kind: 'built', ok: asked.ok && asked.output.startsWith(`${place}/`), place, form: 'virtualenv' };
}

/** Runs the site's program. Each line that it prints names a path, which must be of this site. */
async function run(site: string, where: 'built' | 'installed'): Promise<DemoStep> {
  const program = `${site}/${PROGRAM}`;
  const { ok, output } = await runProgram(program, []);
  const isOwn = output !== '' && output.split('\n').every((line) => line.includes(site));
  return { kind: 'ran', ok: ok && isOwn, program, where, output };
}

async function scanned(place: string): Promise<DemoStep> {
  const { byCode, byFix } = (await scan(place)).summary;
  return { kind: 'scanned', ok: byFix.relative > 0 && byFix.blocked === 0, place, byCode, byFix };
}

async function fixed(place: string): Promise<DemoStep> {
  const { counts } = await apply(plan(await scan(place)));
  const after = await scan(place);
  const again = plan(after).changes.length;
  const ok = again === 0 && after.summary.byFix.relative === 0;
  return { kind: 'fixed', ok, place, edits: counts.edits, files: counts.names, again };
}

async function packed({ built, archive }: Bench): Promise<DemoStep> {
  const { bytes, totals, refusals } = await pack(built, { output: archive });
  const ok = refusals.every(({ reason }) => reason === 'outside' || reason === 'harmless');
  return { kind: 'packed', ok, place: built, archive, entries: totals.entries, bytes };
}

async function installed({ archive, placed }: Bench): Promise<DemoStep> {
  makeFolder(placed.slice(0, placed.lastIndexOf('/')));
  const { outcome, receipt } = await install(archive, placed);
  const { entries, rendered } = receipt.counts;
  return { kind: 'installed', ok: outcome === 'installed', archive, place: placed, entries, rendered };
}

async function verified({ built, placed }: Bench): Promise<DemoStep> {
  const { ok, checked } = await verify(placed);
  const { references } = await scan(placed, { prefixes: [built] });
  const old = references.filter(({ prefix }) => prefix === built).length;
  return { kind: 'verified', ok: ok && old === 0, place: placed, files: checked.files, build: built, old };
}

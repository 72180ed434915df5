/** The layers, by the import graph of the sources: lint says the same, but does not see `import()` and workers. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly specifier: string;
  /** `type`: gone when it runs; `dynamic`: `import()`; `program`: a file that another thread runs. */
  readonly kind: 'static' | 'type' | 'dynamic' | 'program';
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();
const sources = new Map(files.map((name) => [name, readFileSync(join(SRC, name), 'utf8')]));
const imports = new Map([...sources].map(([name, source]) => [name, importsOf(source)]));

function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, kind, specifier = ''] of source.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s)?'([^']+)';/gm,
  ))
    found.push({ specifier, kind: kind === undefined ? 'static' : 'type' });
  for (const [, specifier = ''] of source.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g))
    found.push({ specifier, kind: 'dynamic' });
  for (const [, specifier = ''] of source.matchAll(/new URL\('(\.[^']+)\.js', import\.meta\.url\)/g))
    found.push({ specifier: `${specifier}.ts`, kind: 'program' });
  return found;
}

/** A relative import as a path below src; null for a package. */
function fileOf(name: string, specifier: string): string | null {
  return specifier.startsWith('.') ? relative(SRC, join(SRC, dirname(name), specifier)) : null;
}

const layerOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : name);

interface Law {
  readonly layers: readonly string[];
  readonly packages: readonly string[];
  readonly why: string;
}

const PURE = ['node:buffer', 'node:crypto', 'node:zlib', 'node:util'];
const LAWS: Readonly<Record<string, Law>> = {
  model: { layers: ['model'], packages: [], why: 'the contract between the stages depends on nothing' },
  formats: {
    layers: ['model', 'formats'],
    packages: [...PURE, 'fzstd', 'minizlib', 'smol-toml', 'tar'],
    why: 'codecs are pure',
  },
  rules: {
    layers: ['model', 'formats', 'rules'],
    packages: ['node:buffer', 'node:crypto', 'magic-string'],
    why: 'a rule asks its RuleContext',
  },
  io: {
    layers: ['model', 'formats', 'io', 'rules'],
    packages: ['node:', '@cloudpss/zstd', 'fast-glob', 'fzstd', 'tar'],
    why: 'io carries out what the stages decide',
  },
  stages: {
    layers: ['model', 'formats', 'rules', 'io', 'stages'],
    packages: ['node:crypto', 'node:os', 'node:timers', 'node:buffer', 'picomatch', 'magic-string', 'tar'],
    why: 'stages tell the story; only io touches the disk',
  },
  reports: {
    layers: ['model', 'formats', 'reports'],
    packages: [...PURE, 'diff', 'magic-string'],
    why: 'reports turn facts into words',
  },
  'index.ts': {
    layers: ['model', 'formats', 'rules', 'io', 'stages', 'scanning.ts'],
    packages: [],
    why: 'the public API only names what there is',
  },
  'scanning.ts': {
    layers: ['model', 'formats', 'rules', 'io', 'stages'],
    packages: [],
    why: 'a part of the public API only names what there is',
  },
  cli: {
    layers: ['model', 'reports', 'index.ts', 'scanning.ts', 'cli'],
    packages: ['yargs', 'node:process'],
    why: 'the command line uses the public API like any other program',
  },
};

describe('layers', () => {
  it.each(Object.entries(LAWS))('src/%s uses only what it may', (layer, { layers, packages, why }) => {
    const wrong = files
      .filter((name) => layerOf(name) === layer)
      .flatMap((name) =>
        (imports.get(name) ?? []).flatMap(({ specifier }) => {
          const file = fileOf(name, specifier);
          const isAllowed =
            file === null
              ? packages.some(
                  (allowed) =>
                    specifier === allowed ||
                    specifier.startsWith(`${allowed}/`) ||
                    (allowed.endsWith(':') && specifier.startsWith(allowed)),
                )
              : layers.includes(layerOf(file));
          return isAllowed ? [] : [`src/${name} imports ${specifier}: ${why}`];
        }),
      );
    expect(wrong).toEqual([]);
  });

  it('there is no folder without a law', () => {
    expect([...new Set(files.map(layerOf))].filter((layer) => LAWS[layer] === undefined)).toEqual([]);
  });

  it('of src/io only what a scan worker loads may know the rules', () => {
    const worker = reachable(['io/scan-worker.ts']);
    const wrong = files.filter(
      (name) =>
        layerOf(name) === 'io' &&
        !worker.has(name) &&
        (imports.get(name) ?? []).some(
          ({ specifier, kind }) => kind !== 'type' && fileOf(name, specifier)?.startsWith('rules/') === true,
        ),
    );
    expect(wrong.filter((name) => name !== 'io/scan-pool.ts')).toEqual([]);
  });

  it('console, exit codes and the terminal belong to src/cli', () => {
    const wrong = [...sources].filter(
      ([name, source]) => layerOf(name) !== 'cli' && /\bconsole\.|process\.(?:exit|stdout|stderr)/.test(source),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('no module needs itself', () => {
    const cycles = files.filter((name) => reachable(next(name, ['static']), ['static']).has(name));
    expect(cycles).toEqual([]);
  });
});

describe('lightness', () => {
  it('help and version load neither the archive codec nor globs nor threads', () => {
    const loaded = reachable(['cli/main.ts'], ['static']);
    const packages = [...loaded].flatMap((name) =>
      (imports.get(name) ?? []).filter(({ kind }) => kind === 'static').map(({ specifier }) => specifier),
    );
    for (const heavy of [
      'tar',
      'fast-glob',
      'magic-string',
      'diff',
      'picomatch',
      'node:worker_threads',
      'node:child_process',
    ])
      expect(packages).not.toContain(heavy);
    expect([...loaded].filter((name) => ['io', 'stages', 'rules'].includes(layerOf(name)))).toEqual([]);
  });
});

describe('rooms', () => {
  it('a file says in its first line what it is for', () => {
    const silent = [...sources].filter(([, source]) => !source.startsWith('/**')).map(([name]) => name);
    expect(silent).toEqual([]);
  });

  it('a file is at most 300 lines', () => {
    const long = [...sources]
      .map(([name, source]) => [name, source.split('\n').length] as const)
      .filter(([, lines]) => lines > 300);
    expect(long).toEqual([]);
  });
});

type Kinds = readonly Import['kind'][];
const RUNS: Kinds = ['static', 'dynamic', 'program'];

function next(name: string, kinds: Kinds = RUNS): string[] {
  return (imports.get(name) ?? []).flatMap(({ specifier, kind }) => {
    const file = fileOf(name, specifier);
    return file === null || !kinds.includes(kind) || !sources.has(file) ? [] : [file];
  });
}

/** Every module that these load, themselves included. */
function reachable(from: readonly string[], kinds: Kinds = RUNS): Set<string> {
  const seen = new Set<string>();
  const pending = [...from];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    pending.push(...next(name, kinds));
  }
  return seen;
}

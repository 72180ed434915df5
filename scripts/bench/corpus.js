// The corpus: a tree as a site has it, all of it built at one place. Two Pythons that were made at home there, and environments that their
// own pip filled from wheels. It is made once; a folder that is given keeps it, and a stamp tells whether it is the one that is asked for.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchWheels, PACKAGES } from '../wheelhouse.js';
import { settlePython } from './python-home.js';
import { run } from './run.js';
import { measureTree, pythons } from './trees.js';

const VERSION = 1;
const BYTES_EACH = 30_000;

/** What the environments hold, in the order in which they are made; the last two are made again until the corpus is large enough. */
const SETS = {
  web: PACKAGES,
  science: ['numpy', 'scipy', 'pandas', 'scikit-learn', 'matplotlib', 'sympy', 'networkx', 'pyarrow', 'jupyterlab'],
  cloud: ['ansible', 'boto3', 'django', 'sphinx', 'plotly', 'sqlalchemy', 'statsmodels', 'polars', 'babel', 'faker'],
};

/**
 * Makes the corpus in a folder, or finds it there.
 * @returns the folder of the site, its size, and its environments by the name of their set
 */
export async function readyCorpus(folder, files, say) {
  const stamp = join(folder, 'corpus.json');
  const asked = { version: VERSION, folder, asked: files };
  const held = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : null;
  if (held !== null && Object.entries(asked).every(([key, value]) => held[key] === value) && held.size !== undefined)
    return held;
  if (held === null && existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`${folder} holds something else; name a folder that is empty or not there yet`);
  say('making the corpus: two Pythons, and environments from wheels (some minutes)');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(stamp, JSON.stringify(asked));
  try {
    const made = { ...asked, ...(await makeCorpus(folder, files, say)) };
    writeFileSync(stamp, JSON.stringify(made));
    return made;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeCorpus(folder, files, say) {
  const site = join(folder, 'site');
  mkdirSync(site);
  const size = { files: 0, bytes: 0 };
  const count = (part) => {
    const { files, bytes } = measureTree(part);
    size.files += files;
    size.bytes += bytes;
    say(`  ${part.slice(folder.length + 1)}: ${files} files, ${(bytes / 1e6).toFixed(0)} MB`);
  };
  const isEnough = () => size.files >= files && size.bytes >= files * BYTES_EACH;
  const environments = {};
  const programs = [];
  const addPython = async (source, name) => {
    const home = join(site, name);
    programs.push(await settlePython(source, home));
    count(home);
  };
  const addEnvironment = async (set, name) => {
    const environment = join(site, name);
    await makeEnvironment(environment, programs[0], set);
    environments[set] ??= environment;
    count(environment);
  };
  const [first, second = first] = pythons();
  await addPython(first, 'python-1');
  await addEnvironment('web', 'web');
  if (!isEnough()) await addPython(second, 'python-2');
  for (let round = 1; !isEnough(); round++)
    for (const set of ['science', 'cloud']) if (!isEnough()) await addEnvironment(set, `${set}-${round}`);
  return { site, size, environments };
}

/** A virtual environment of a Python, filled by its own pip, without a network once the wheels are there. */
async function makeEnvironment(environment, python, set) {
  const packages = SETS[set];
  const version = (await run([python, '-c', 'import sys; print(*sys.version_info[:2], sep=".")'])).toString().trim();
  const wheels = fetchWheels(`relocate-bench-${set}-${version}`, python, packages);
  if (wheels === null) throw new Error(`pip could not fetch ${packages.join(', ')}; the corpus needs them`);
  await run([python, '-m', 'venv', environment]);
  const offline = ['--quiet', '--disable-pip-version-check', '--no-index', '--find-links', wheels];
  await run([join(environment, 'bin/python'), '-m', 'pip', 'install', ...offline, ...packages]);
}

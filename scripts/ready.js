// Makes a fresh clone ready to run: installs what is needed where it is not there, and builds. Says nothing when all went well.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the root of the project; true where it went well. `quiet`: its words are shown only where it did not. */
export function run(command, { quiet = false, env = {} } = {}) {
  const [program, ...args] = command;
  const result = spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.error) console.error(`${program}: ${result.error.message}`);
  if (quiet && result.status !== 0) console.error(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  return result.status === 0;
}

/** Starts a command beside others, in the root of the project; gives whether it went well, and all it said. Never rejects. */
export function start([program, ...args], env = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', ({ message }) => resolve({ ok: false, output: `${program}: ${message}` }));
    child.on('close', (status) => resolve({ ok: status === 0, output }));
  });
}

/** Installs and builds; true where both went well. */
export function makeReady() {
  if (!existsSync(`${ROOT}/node_modules/.package-lock.json`)) {
    console.error('installing what is needed (npm ci) ...');
    if (!run(['npm', 'ci', '--no-audit', '--no-fund'], { quiet: true })) return false;
  }
  return run(['npm', 'run', '--silent', 'build'], { quiet: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = makeReady() ? 0 : 1;

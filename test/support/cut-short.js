/**
 * Runs one stage of the build in a process of its own, which is killed by SIGKILL at a checkpoint. An error is told as JSON.
 * node cut-short.js <apply|undo|recover> <tree or file with a plan> <checkpoint> <options as JSON>
 */
import { readFileSync } from 'node:fs';
import { apply } from '../../dist/stages/apply.js';
import { recover } from '../../dist/stages/recover.js';
import { undo } from '../../dist/stages/undo.js';

const [stage, subject, stopAt, json = '{}'] = process.argv.slice(2);
const options = {
  ...JSON.parse(json),
  checkpoint: (name) => {
    if (name === stopAt) process.kill(process.pid, 'SIGKILL');
  },
};
try {
  if (stage === 'apply') await apply(JSON.parse(readFileSync(subject, 'utf8')), options);
  else if (stage === 'undo') await undo(subject, options);
  else await recover(subject, options);
} catch (error) {
  process.stdout.write(JSON.stringify({ name: error.name, message: error.message }));
  process.exitCode = error.exitCode ?? 70;
}

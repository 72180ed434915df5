/**
 * Runs one stage of the build in a process of its own, which is killed by SIGKILL at a checkpoint.
 * node cut-short.js <apply|undo|recover> <tree or file with a plan> <checkpoint> <options as JSON>
 */
import { readFileSync } from 'node:fs';
import { apply, recover, undo } from '../../dist/index.js';

const [stage, subject, stopAt, json = '{}'] = process.argv.slice(2);
const options = {
  ...JSON.parse(json),
  checkpoint: (name) => {
    if (name === stopAt) process.kill(process.pid, 'SIGKILL');
  },
};
if (stage === 'apply') await apply(JSON.parse(readFileSync(subject, 'utf8')), options);
else if (stage === 'undo') await undo(subject, options);
else await recover(subject, options);

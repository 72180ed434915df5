/** relocate demo: the main job on a small site. */
import type { DemoStep } from '../../model/demo.ts';
import { EXIT } from '../../model/errors.ts';
import { demoStepText, demoVerdictText } from '../../reports/demo-text.ts';
import { defineCommand, type Command } from '../command.ts';

export const command: Command = defineCommand({
  name: 'demo',
  summary: 'All of it on a small site in a temporary folder',
  about: [
    'Builds a virtualenv with a console script (or shell scripts, on a host without Python) in a temporary folder, takes it through scan, fix, pack and install, hides the place where it was built, and runs it at the new one. Needs no network, leaves nothing behind, and exits 0 only if all of it held.',
  ],
  readsOnly: false,
  usage: '',
  positionals: {},
  options: { keep: { type: 'boolean', default: false, describe: 'Keep the temporary folder' } },
  examples: [['relocate demo', 'see it done']],
  async run(args, session) {
    const { demo } = await import('../../index.ts');
    const steps: DemoStep[] = [];
    for await (const step of demo({ keep: args.keep, signal: session.running.signal })) {
      steps.push(step);
      if (args.format === 'text') await session.print(demoStepText(step, steps.length, session.terminal.style));
    }
    const isShown = steps.every(({ ok }) => ok);
    if (args.format === 'json') await session.printJson({ version: 1, ok: isShown, steps });
    else await session.print([demoVerdictText(isShown, session.terminal.style)]);
    return isShown ? EXIT.done : EXIT.no;
  },
});

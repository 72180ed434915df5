/** The demo, told as it goes. */
import { showBytes } from '../formats/byte-text.ts';
import { isRuleCode, RULE_NAMES } from '../model/codes.ts';
import type { DemoStep } from '../model/demo.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { bytes, padLeft, plural } from './words.ts';

interface Told {
  readonly title: string;
  /** The step as a command line; empty where none does it. */
  readonly command: readonly string[];
  readonly seen: readonly string[];
}

/** The lines of one step. */
export function* demoStepText(step: DemoStep, number: number, { paint }: Style): Generator<string> {
  const { title, command, seen } = told(step);
  yield `${paint('strong', `${number}. ${title}`)}  ${step.ok ? paint('good', 'ok') : paint('bad', 'not as it should be')}`;
  if (command.length > 0) yield `   ${paint('code', `$ ${command.map(shellWord).join(' ')}`)}`;
  for (const line of seen) yield `     ${showBytes(line)}`;
  yield '';
}

/** What the demo showed. */
export function demoVerdictText(isShown: boolean, { paint }: Style): string {
  return isShown
    ? paint('good', 'Shown: what was built at one place runs at another, and nothing in it names the old one.')
    : paint('bad', 'Not shown: a step did not go as it should; see above.');
}

function told(step: DemoStep): Told {
  switch (step.kind) {
    case 'built':
      return { title: 'A small site is built', command: [], seen: [`${step.place}: ${SITES[step.form]}`] };
    case 'ran':
      return { title: RAN[step.where], command: [step.program], seen: step.output.split('\n') };
    case 'scanned':
      return {
        title: 'scan finds what ties it to this place',
        command: ['relocate', 'scan', step.place],
        seen: scanLines(step),
      };
    case 'fixed':
      return {
        title: 'fix makes relative what can be',
        command: ['relocate', 'fix', step.place],
        seen: [
          `${plural(step.edits, 'edit')} in ${plural(step.files, 'file')}; a second fix changes ${step.again === 0 ? 'nothing' : plural(step.again, 'file')}`,
        ],
      };
    case 'packed':
      return {
        title: 'pack makes an archive that any tar reads',
        command: ['relocate', 'pack', step.place, '-o', step.archive],
        seen: [`${plural(step.entries, 'path')} in ${bytes(step.bytes)}`],
      };
    case 'installed':
      return {
        title: 'install unpacks it at another place, with a space in its name',
        command: ['relocate', 'install', step.archive, step.place],
        seen: [`${plural(step.entries, 'path')}, ${plural(step.rendered, 'file')} written with the new place`],
      };
    case 'hidden':
      return { title: 'The place of the build goes away', command: ['mv', step.from, step.to], seen: [] };
    case 'verified':
      return {
        title: 'verify finds it in order',
        command: ['relocate', 'verify', step.place],
        seen: [`${plural(step.files, 'file')} as the archive says, ${plural(step.old, 'reference')} to ${step.build}`],
      };
  }
}

const SITES: Readonly<Record<Extract<DemoStep, { kind: 'built' }>['form'], string>> = {
  virtualenv: 'a virtualenv with a console script, a package used from its sources, and configuration',
  shell: 'a shell script and configuration (there is no python3 with venv here)',
};

const RAN: Readonly<Record<Extract<DemoStep, { kind: 'ran' }>['where'], string>> = {
  built: 'It runs where it was built',
  installed: 'It runs in its new place',
};

function scanLines({ byCode, byFix }: Extract<DemoStep, { kind: 'scanned' }>): string[] {
  const codes = Object.entries(byCode).flatMap(([code, number]) =>
    isRuleCode(code) ? [`${padLeft(String(number), 3)} × ${code} ${RULE_NAMES[code]}`] : [],
  );
  return [
    ...codes,
    `${byFix.relative} become relative, ${byFix.pinned} are written anew at install, ${byFix.none} lie outside or are harmless`,
  ];
}

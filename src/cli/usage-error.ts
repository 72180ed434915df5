/** What is wrong with a command line, in one line that names what would be right. */
import { RelocateError, UsageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { optionsOf, type Command } from './command.ts';
import { COMMANDS } from './commands.ts';

/** Turns what the parser says of some words into an error for people. */
export function usageError(error: unknown, words: readonly string[]): Error {
  if (!(error instanceof RelocateError)) return error instanceof Error ? error : new Error(String(error));
  const name = words.find((word) => !word.startsWith('-')) ?? '';
  const command = COMMANDS.find((known) => known.name === name);
  return new UsageError(
    command === undefined
      ? unknownCommand(name, error.message, words)
      : wrongArguments(command, error.message.replaceAll(/\s+/g, ' '), words),
  );
}

function unknownCommand(name: string, message: string, words: readonly string[]): string {
  const option = words.find((word) => word.startsWith('-'));
  if (name === '')
    return `${option === undefined ? message : `unknown option ${option}`}; 'relocate --help' lists the commands`;
  const near = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  return `unknown command '${name}'; ${near === null ? "'relocate --help' lists them" : `did you mean '${near}'?`}`;
}

function wrongArguments(command: Command, message: string, words: readonly string[]): string {
  const help = `'relocate ${command.name} --help' lists what there is`;
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    const option = words.find((word) => word.startsWith('--') && word.slice(2).split('=')[0] === unknown);
    const short = words.find((word) => /^-[^-]/.test(word) && word.includes(unknown));
    if (option === undefined && short !== undefined) return `unknown option ${short}; ${help}`;
    if (option === undefined) return `unknown argument '${unknown}'; ${help}`;
    const near = nearest(unknown, Object.keys(optionsOf(command)));
    return `unknown option --${unknown}; ${near === null ? help : `did you mean --${near}?`}`;
  }
  if (message.startsWith('Not enough non-option arguments'))
    return `something is missing: relocate ${command.name} ${command.usage}`;
  const required = /^Missing required argument: (.+)/.exec(message)?.[1];
  if (required !== undefined) return `--${required} is missing; ${help}`;
  const missing = /^Not enough arguments following: (.+)/.exec(message)?.[1];
  if (missing !== undefined) return `${missing.length > 1 ? '--' : '-'}${missing} must be followed by a value; ${help}`;
  const choice = /Argument: ([^,]+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice === null) return `${message}; ${help}`;
  const [, option = '', given = '', choices = ''] = choice.map((part) => part.replaceAll('"', ''));
  return `--${option} can't be '${given}'; choose from ${choices}`;
}

/** A number that is none: the message shows the word, of which only NaN is left. */
export function checkNumbers(
  command: Command,
  args: Readonly<Record<string, unknown>>,
  words: readonly string[],
): void {
  for (const [name, option] of Object.entries(optionsOf(command))) {
    if (option.type !== 'number' || !Number.isNaN(args[name])) continue;
    const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    const word = words[at]?.split('=').slice(1).join('=') || words[at + 1] || '';
    throw new UsageError(`--${name} must be a whole number, not '${word}'`);
  }
}

/** An option that is given twice and counts once is a mistake, not a choice. */
export function checkRepeats(command: Command, args: Readonly<Record<string, unknown>>): void {
  for (const [name, option] of Object.entries(optionsOf(command)))
    if (Array.isArray(args[name]) && option.array !== true) throw new UsageError(`--${name} is given twice`);
}

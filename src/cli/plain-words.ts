/**
 * Reads a command line on which nothing is special: `--name`, `--name value`, and as many places as the command takes. yargs says the same of it, but takes
 * longer to load and to parse than a small tree takes to scan. Whatever else there may be, and every mistake, is for yargs.
 */
import type { Options } from 'yargs';
import { optionsOf, type CommandDefinition } from './command.ts';

/** The arguments that the words behind a command's name give it; null where they are not plain. */
export function plainArguments(
  command: CommandDefinition,
  words: readonly string[],
): Readonly<Record<string, unknown>> | null {
  const options = optionsOf(command);
  const given = new Map<string, unknown>();
  const places: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!word.startsWith('-')) {
      places.push(word);
      continue;
    }
    const name = word.slice('--'.length);
    const option = word.startsWith('--') && Object.hasOwn(options, name) ? options[name] : undefined;
    const before = given.get(name);
    if (option === undefined || (before !== undefined && option.array !== true)) return null;
    const value = option.type === 'boolean' ? flagBefore(words[i + 1]) : valueOf(option, words[++i]);
    if (value === null) return null;
    given.set(name, option.array === true ? [...(Array.isArray(before) ? before : []), value] : value);
  }
  const names = Object.keys(command.positionals);
  if (places.length !== names.length || !places.every(isPlain)) return null;
  names.forEach((name, i) => given.set(name, places[i]));
  const defaults = Object.entries(options).flatMap(([name, { default: usual }]) =>
    usual === undefined ? [] : [[name, usual]],
  );
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(given) };
}

/** Set; null where yargs would take the next word for its value. */
function flagBefore(next: string | undefined): true | null {
  return next === 'true' || next === 'false' ? null : true;
}

function valueOf({ type, choices }: Options, word: string | undefined): string | number | null {
  if (word === undefined || !isPlain(word)) return null;
  if (choices !== undefined) return choices.includes(word) ? word : null;
  if (type === 'number') return /^[1-9]\d{0,5}$/.test(word) ? Number(word) : null;
  // what has no type may become a number
  return type === 'string' || /^[./]/.test(word) ? word : null;
}

/** Neither an option nor something of which yargs makes something else: it takes quotes away. */
function isPlain(word: string): boolean {
  return word !== '' && !/^["'-]/.test(word);
}

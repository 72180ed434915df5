/** What a command is: one definition feeds parsing, help and docs/cli.md. */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { ExitCode } from '../model/errors.ts';
import type { Session } from './session.ts';

type OptionTable = Readonly<Record<string, Options>>;
type PositionalTable = Readonly<Record<string, PositionalOptions>>;

/** Options that every command has. */
export const COMMON: OptionTable = {
  format: { choices: ['text', 'json'], default: 'text', describe: 'How to print the result' },
  quiet: { type: 'boolean', default: false, describe: 'Print nothing but errors; the exit code is the answer' },
  jobs: {
    type: 'number',
    describe: 'Threads to use; the result is the same for any number',
    defaultDescription: 'one for each processor',
  },
  config: {
    type: 'string',
    describe: 'The configuration to use',
    defaultDescription: 'relocate.toml in the tree',
  },
  'no-color': { type: 'boolean', default: false, describe: 'No colours (NO_COLOR does the same)' },
  'no-progress': { type: 'boolean', default: false, describe: 'No progress line' },
};

/** What a command sees of them; the rest is the session's. */
interface Common {
  readonly format: 'text' | 'json';
  readonly config: string | undefined;
}

export interface CommandDefinition {
  readonly name: string;
  /** What the command is for, in one line. */
  readonly summary: string;
  /** More about it, for docs/cli.md: paragraphs. */
  readonly about: readonly string[];
  /** Whether it writes nothing but its answer, and may end at any moment. */
  readonly readsOnly: boolean;
  /** In their order; `[name]` where not required, as yargs writes it: `<tree>`, `[code]`. */
  readonly usage: string;
  readonly positionals: PositionalTable;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

export interface Command extends CommandDefinition {
  run(args: Readonly<Record<string, unknown>>, session: Session): Promise<ExitCode>;
}

/** A command with the arguments that the words of a command line give it. */
export interface Chosen {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
}

interface TypedCommand<P extends PositionalTable, O extends OptionTable> extends CommandDefinition {
  readonly positionals: P;
  readonly options: O;
  run(
    args: InferredOptionTypes<P> & InferredOptionTypes<O> & Omit<Common, keyof O>,
    session: Session,
  ): Promise<ExitCode>;
}

/** Makes a command. Its arguments have the types that its options say. */
export function defineCommand<const P extends PositionalTable, const O extends OptionTable>(
  command: TypedCommand<P, O>,
): Command {
  // yargs checked the arguments against the very options from which the type is inferred
  return { ...command, run: (args, session) => command.run(args as Parameters<typeof command.run>[0], session) };
}

/** A list of strings from an option that may be repeated: `--prefix /a --prefix /b`. */
export const REPEATABLE: { readonly type: 'string'; readonly array: true } = { type: 'string', array: true };

/** A command's own options, then those that all have. */
export function optionsOf(command: CommandDefinition): OptionTable {
  return {
    ...command.options,
    ...Object.fromEntries(Object.entries(COMMON).filter(([name]) => !Object.hasOwn(command.options, name))),
  };
}

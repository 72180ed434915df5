/** The words of a command line as a command and its arguments: yargs, told of all commands. */
import yargs, { type Argv, type Options } from 'yargs';
import { UsageError } from '../model/errors.ts';
import { VERSION } from '../model/version.ts';
import { optionsOf, type Chosen, type Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { checkNumbers, checkRepeats, usageError } from './usage-error.ts';

/** Thrown by the handler of a command: when one returns, yargs lays out the command's help, which nobody reads, and takes longer than all else. */
class Choice extends Error {
  readonly chosen: Chosen;

  constructor(chosen: Chosen) {
    super(chosen.command.name);
    this.chosen = chosen;
  }
}

/** The command that the words name; a text where they ask for help or the version; null where they name none. */
export async function parse(words: readonly string[]): Promise<Chosen | string | null> {
  const asked: string[] = [];
  try {
    await programFor().parseAsync([...withoutMark(words)], {}, (_error, _args, output) => {
      if (output !== '') asked.push(output);
    });
  } catch (error) {
    if (!(error instanceof Choice)) throw usageError(error, words);
    checkRepeats(error.chosen.command, error.chosen.args);
    checkNumbers(error.chosen.command, error.chosen.args, words);
    return error.chosen;
  }
  return asked[0] ?? null;
}

/** `--` ends the options (POSIX, Utility Syntax Guideline 10): yargs would not take what is behind it for a command's places. */
function withoutMark(words: readonly string[]): readonly string[] {
  const at = words.indexOf('--');
  if (at < 0) return words;
  return [...words.slice(0, at), ...words.slice(at + 1).map((word) => (word.startsWith('-') ? `./${word}` : word))];
}

function programFor(): Argv {
  const program = yargs()
    .scriptName('relocate')
    .usage('$0 <command>\n\nMakes a built tree movable.')
    .version(VERSION)
    .help()
    .locale('en')
    .wrap(Math.min(100, process.stdout.isTTY ? process.stdout.columns : 100))
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
    .strict()
    .strictOptions()
    .recommendCommands()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | null, error) => {
      throw new UsageError(message ?? error.message);
    })
    .epilogue('relocate <command> --help says more. Exit codes and formats: docs/cli.md');
  for (const command of COMMANDS) addCommand(program, command);
  return program;
}

function addCommand(program: Argv, command: Command): void {
  program.command(
    `${command.name} ${command.usage}`.trim(),
    command.summary,
    (builder) => {
      for (const [name, positional] of Object.entries(command.positionals)) builder.positional(name, positional);
      builder.options(
        Object.fromEntries(Object.entries(optionsOf(command)).map(([name, option]) => [name, parsed(option)])),
      );
      for (const [example, meaning] of command.examples) builder.example(example, meaning);
      return builder.epilogue('');
    },
    (args) => {
      throw new Choice({ command, args: withFlags(command, args) });
    },
  );
}

/** An option as the parser takes it: a flag says nothing of its default, anything else must have a value. */
function parsed(option: Options): Options {
  if (option.type !== 'boolean') return { requiresArg: true, ...option };
  const { default: _, ...rest } = option;
  return rest;
}

/** The arguments with the flags that were not given. */
function withFlags(command: Command, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const flags = Object.entries(optionsOf(command)).filter(([, option]) => option.default === false);
  return { ...Object.fromEntries(flags.map(([name]) => [name, false])), ...args };
}

/** What `relocate --help` prints. */
export async function help(): Promise<string> {
  const text = await parse(['--help']);
  return typeof text === 'string' ? text.trimEnd() : '';
}

/** From the words of a command line to an exit code. */
import yargs, { type Argv, type Options } from 'yargs';
import { EXIT, RelocateError, UsageError, type ExitCode } from '../model/errors.ts';
import { VERSION } from '../model/version.ts';
import { errorLine } from '../reports/error-line.ts';
import { optionsOf, type Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Session } from './session.ts';
import { Terminal } from './terminal.ts';
import { checkRepeats, usageError } from './usage-error.ts';

interface Chosen {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Parses, runs and reports. Never throws for what a user or a tree did wrong. */
export async function runProgram(words: readonly string[]): Promise<ExitCode> {
  const terminal = new Terminal(words.includes('--no-color'));
  terminal.watch();
  try {
    const exit = await run(words, terminal);
    if (terminal.failure === null) return exit;
    throw new UsageError(`can't write the result: ${terminal.failure.message}`);
  } catch (error) {
    return reportError(error, terminal);
  }
}

async function run(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const parsed = await parse(words[0] === 'help' ? [...words.slice(1), '--help'] : await bytesKept(words));
  if (typeof parsed === 'string') {
    await terminal.lines([parsed]);
    return EXIT.done;
  }
  if (parsed === null) {
    terminal.say(await help());
    return EXIT.couldNotRun;
  }
  const { command, args } = parsed;
  const interruption = listenForInterrupt(command.readsOnly, (line) => terminal.say(line));
  try {
    const options = {
      quiet: args['quiet'] === true,
      jobs: args['jobs'] as number | undefined,
      isProgressRefused: args['no-progress'] === true,
    };
    return await command.run(args, new Session(terminal, options, interruption.signal));
  } catch (error) {
    if (interruption.signal.aborted && !(error instanceof RelocateError)) throw interruption.signal.reason;
    throw error;
  } finally {
    interruption.release();
  }
}

/** The words with the bytes that Node could not make text of (U+FFFD stands for them). */
async function bytesKept(words: readonly string[]): Promise<readonly string[]> {
  if (!words.some((word) => word.includes('\ufffd'))) return words;
  const { rawArguments } = await import('../index.ts');
  return rawArguments(words);
}

/** The command that the words name; a text where they ask for help or the version; null where they name none. */
async function parse(words: readonly string[]): Promise<Chosen | string | null> {
  const chosen: Chosen[] = [];
  const asked: string[] = [];
  const program = programFor((command, args) => chosen.push({ command, args }));
  try {
    await program.parseAsync([...words], {}, (_error, _args, output) => {
      if (output !== '') asked.push(output);
    });
  } catch (error) {
    throw usageError(error, words);
  }
  for (const { command, args } of chosen) checkRepeats(command, args);
  return asked[0] ?? chosen[0] ?? null;
}

function programFor(choose: (command: Command, args: Readonly<Record<string, unknown>>) => void): Argv {
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
  for (const command of COMMANDS) addCommand(program, command, choose);
  return program;
}

function addCommand(
  program: Argv,
  command: Command,
  choose: (command: Command, args: Readonly<Record<string, unknown>>) => void,
): void {
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
    (args) => choose(command, withFlags(command, args)),
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
async function help(): Promise<string> {
  const text = await parse(['--help']);
  return typeof text === 'string' ? text.trimEnd() : '';
}

/** One clear line: what, where, what to do. A defect of relocate itself shows its stack. */
function reportError(error: unknown, terminal: Terminal): ExitCode {
  const label = terminal.errorPaint('bad', 'relocate:');
  if (error instanceof RelocateError) {
    terminal.say(`${label} ${errorLine(error)}`);
    return error.exitCode;
  }
  // the system's own word on a file: ENOSPC, EACCES
  if (error instanceof Error && 'syscall' in error) {
    terminal.say(`${label} ${errorLine(error)}`);
    return EXIT.couldNotRun;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.say(`${label} unexpected error; this is a defect of relocate, please report it\n${detail}`);
  return EXIT.couldNotRun;
}

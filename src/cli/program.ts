/** From the words of a command line to an exit code. */
import { EXIT, RelocateError, UsageError, type ExitCode } from '../model/errors.ts';
import { VERSION } from '../model/version.ts';
import { errorLine } from '../reports/error-line.ts';
import type { Chosen } from './command.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Session } from './session.ts';
import { Terminal } from './terminal.ts';

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
  if (words.length === 1 && words[0] === '--version') {
    await terminal.lines([VERSION]);
    return EXIT.done;
  }
  const told = await bytesKept(words);
  const plain = await plainScan(told);
  if (plain !== null) return carryOut(plain, terminal);
  // the parser and the definitions of all commands take longer to load than all else that is done here
  const { help, parse } = await import('./parser.ts');
  const parsed = await parse(told[0] === 'help' ? [...told.slice(1), '--help'] : told);
  if (typeof parsed === 'string') {
    await terminal.lines([parsed]);
    return EXIT.done;
  }
  if (parsed === null) {
    terminal.say(await help());
    return EXIT.couldNotRun;
  }
  return carryOut(parsed, terminal);
}

/** A scan whose words need no parser: nothing else is done with trees so small that the time of the parser counts. */
async function plainScan(words: readonly string[]): Promise<Chosen | null> {
  if (words[0] !== 'scan') return null;
  const [{ command }, { plainArguments }] = await Promise.all([
    import('./commands/scan.ts'),
    import('./plain-words.ts'),
  ]);
  const args = plainArguments(command, words.slice(1));
  return args === null ? null : { command, args };
}

async function carryOut({ command, args }: Chosen, terminal: Terminal): Promise<ExitCode> {
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

/** Every command, in the order of help. */
import type { Command } from './command.ts';
import { command as explain } from './commands/explain.ts';
import { command as fix } from './commands/fix.ts';
import { command as pack } from './commands/pack.ts';
import { command as recover } from './commands/recover.ts';
import { command as scan } from './commands/scan.ts';
import { command as undo } from './commands/undo.ts';

export const COMMANDS: readonly Command[] = [scan, fix, undo, pack, recover, explain];

/** Every command, in the order of help. */
import type { Command } from './command.ts';
import { command as demo } from './commands/demo.ts';
import { command as explain } from './commands/explain.ts';
import { command as fix } from './commands/fix.ts';
import { command as install } from './commands/install.ts';
import { command as pack } from './commands/pack.ts';
import { command as recover } from './commands/recover.ts';
import { command as scan } from './commands/scan.ts';
import { command as undo } from './commands/undo.ts';
import { command as verify } from './commands/verify.ts';

export const COMMANDS: readonly Command[] = [scan, fix, undo, pack, install, verify, recover, explain, demo];

/** RL903: a socket, a FIFO or a device node. Never opened. */
import type { EntryType } from '../model/entry.ts';
import type { EntryRule } from './rule.ts';

const NOTES: Readonly<Partial<Record<EntryType, string>>> = {
  socket: 'a socket belongs to a running program and is not packed',
  fifo: 'a FIFO (named pipe); it is packed as such',
  'character-device': 'a character device; install makes it only when told to',
  'block-device': 'a block device; install makes it only when told to',
};

export const rule: EntryRule = {
  subject: 'entry',
  code: 'RL903',
  summary: 'A socket, a FIFO or a device node.',
  appliesTo: (entry) => NOTES[entry.type] !== undefined,
  *claim(entry) {
    yield {
      hit: null,
      site: { kind: 'entry' },
      path: entry.type,
      prefix: null,
      scope: 'inside',
      applicability: 'manual',
      fix: 'none',
      note: NOTES[entry.type] ?? '',
    };
  },
};

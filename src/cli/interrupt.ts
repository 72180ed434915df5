/** Ctrl-C and its like: what only reads ends at once; what writes is asked to take back what it began, a second one ends it at once. */
import { EXIT, InterruptedError } from '../model/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  release(): void;
}

/** Begins to listen. `say` tells the user what happens. */
export function listenForInterrupt(readsOnly: boolean, say: (line: string) => void): Interruption {
  const controller = new AbortController();
  const listener = (): void => {
    if (readsOnly) say('relocate: interrupted');
    if (readsOnly || controller.signal.aborted) process.exit(EXIT.interrupted);
    say('relocate: stopping; once more to stop at once');
    controller.abort(new InterruptedError('interrupted; nothing was changed'));
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}

/** Reaches paths that are longer than the system takes in one piece (PATH_MAX), through an open folder. */
import { closeSync, constants, existsSync, openSync } from 'node:fs';

/** From this length on a folder is reached by its descriptor; what is below has room again. */
const LONG = 2048;

/** Calls `use` with a path of the folder under which 4,000 bytes of further names fit, where the system has a way to give one. */
export function withShortPaths<T>(folder: Buffer, use: (folder: Buffer) => T): T {
  if (folder.length < LONG || !existsSync('/proc/self/fd')) return use(folder);
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return use(Buffer.from(`/proc/self/fd/${descriptor}`));
  } finally {
    closeSync(descriptor);
  }
}

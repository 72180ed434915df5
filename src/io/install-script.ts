/** The script that every archive carries for hosts without relocate; it lies beside the sources, as a script that can be read and run. */
import { readFileSync } from 'node:fs';

/** The bytes of install.sh. */
export function installScript(): Buffer {
  return readFileSync(new URL('../../assets/install.sh', import.meta.url));
}

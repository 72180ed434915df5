/** Finds and reads relocate.toml. */
import { isUtf8 } from 'node:buffer';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { parseConfig } from '../formats/config-toml.ts';
import { NO_CONFIG, type Config } from '../model/config.ts';
import { UsageError } from '../model/errors.ts';
import { reasonOf } from './reasons.ts';
import { errorCode } from './entries.ts';
import { readSmallFile } from './small-file.ts';

/** The configuration's name at the root of a tree. */
export const CONFIG_NAME = 'relocate.toml';
/** Bytes; what is larger was not written by a person. */
const LIMIT = 1024 * 1024;

/**
 * Reads the configuration: `file` where it is given (it must exist), else relocate.toml at the root of `tree` (which may be missing).
 * @throws UsageError where it can't be read or is not right; the message names the file and the line
 */
export function readConfig(tree: string, file?: string): Config {
  const source = file ?? `${tree.replace(/\/+$/, '')}/${CONFIG_NAME}`;
  const bytes = readBytes(source, file === undefined);
  if (bytes === null) return NO_CONFIG;
  if (!isUtf8(bytes)) throw new UsageError(`${showBytes(source)}: not UTF-8, as TOML must be`);
  return parseConfig(bytes.toString('utf8'), showBytes(source));
}

function readBytes(path: string, mayBeMissing: boolean): Buffer | null {
  try {
    return readSmallFile(encodeBytes(path), LIMIT, true);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = errorCode(error);
    if (mayBeMissing && (code === 'ENOENT' || code === 'ENOTDIR')) return null;
    throw new UsageError(`can't read the configuration ${showBytes(path)}: ${reasonOf(error)}`);
  }
}

/** Unpacking xz: an optional package of native code, which is not built for every host. Loaded when the first xz file is met. */
import { createRequire } from 'node:module';
import type { UnpackWhole } from '../formats/decompression.ts';

interface XzModule {
  readonly decompressSync: UnpackWhole;
}

let loaded: UnpackWhole | null | undefined;

/** The function that unpacks an xz file; null where the package is not installed. */
export function xzCodec(): UnpackWhole | null {
  if (loaded !== undefined) return loaded;
  try {
    // what the package exports is checked by the tests of archives
    loaded = (createRequire(import.meta.url)('@napi-rs/lzma/xz') as XzModule).decompressSync;
  } catch {
    loaded = null;
  }
  return loaded;
}

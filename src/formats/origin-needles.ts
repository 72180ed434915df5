/** The search for the places that a manifest names. */
import type { Origin } from '../model/manifest.ts';
import { asAbsolutePath, asTreePath } from '../model/path.ts';
import { compileNeedles, type Needles } from './needles.ts';

/** Origins stand in manifests that were checked: their paths are what they say. */
export function originNeedles(origins: readonly Origin[]): Needles {
  return compileNeedles(
    origins.map(({ path, base }) => ({
      path: asAbsolutePath(path),
      base: asTreePath(base),
      source: 'receipt',
      evidence: '',
    })),
  );
}

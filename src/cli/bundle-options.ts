/** `--bundle-python`: the options, and the bundle as long as a command needs it. */
import type { Bundle, BundleOptions } from '../index.ts';
import { BUNDLE_PARTS, type BundlePart } from '../model/bundle.ts';
import { UsageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';

interface BundleArguments {
  readonly tree: string;
  readonly 'bundle-python': boolean;
  readonly 'bundle-without': string | undefined;
}

interface BundleOptionTable {
  readonly 'bundle-python': { readonly type: 'boolean'; readonly default: false; readonly describe: string };
  readonly 'bundle-without': { readonly type: 'string'; readonly describe: string };
}

export const BUNDLE_OPTIONS: BundleOptionTable = {
  'bundle-python': {
    type: 'boolean',
    default: false,
    describe: 'Let the Python outside the tree come along, for environments that stand on one (RL513)',
  },
  'bundle-without': {
    type: 'string',
    describe: `What of that Python stays behind, with commas: ${BUNDLE_PARTS.join(', ')}`,
  },
};

/** Carries something out with the Pythons that come along; their folder is gone afterwards, whatever happens. */
export async function withBundle<T>(
  args: BundleArguments,
  options: BundleOptions,
  carryOut: (asked: { readonly bundle?: Bundle }) => Promise<T>,
): Promise<T> {
  const without = partsOf(args);
  if (!args['bundle-python']) return carryOut({});
  const { bundlePython } = await import('../index.ts');
  const held = await bundlePython(args.tree, { ...options, without });
  try {
    return await carryOut(held === null ? {} : { bundle: held.bundle });
  } finally {
    held?.discard();
  }
}

function partsOf({ 'bundle-python': isAsked, 'bundle-without': text }: BundleArguments): BundlePart[] {
  if (text === undefined) return [];
  if (!isAsked) throw new UsageError('--bundle-without says what --bundle-python leaves out: give both');
  return text.split(',').map((word) => {
    const part = BUNDLE_PARTS.find((known) => known === word.trim());
    if (part !== undefined) return part;
    const near = nearest(word, BUNDLE_PARTS);
    const hint = near === null ? `there are ${BUNDLE_PARTS.join(', ')}` : `did you mean '${near}'?`;
    throw new UsageError(`--bundle-without: no part '${word}'; ${hint}`);
  });
}

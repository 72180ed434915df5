/** What a code signature asks of the references in a signed program: an edit must be one after which it can be renewed. */
import { signatureOf, type FileSignature } from '../formats/code-signature.ts';
import { isMachO } from '../formats/macho.ts';
import type { Reference } from '../model/reference.ts';
import type { FileView } from './rule.ts';

/**
 * The references as they can be: unsafe where the signature of a certificate would be lost, blocked where no signature can be made that
 * holds, or where they stand in the signature itself.
 */
export function heedSignature(view: FileView, references: readonly Reference[]): readonly Reference[] {
  if (!isMachO(view.head) || !references.some(isEditable)) return references;
  const signature = signatureOf(view);
  return references.map((reference) => (isEditable(reference) ? heeding(signature, reference) : reference));
}

function isEditable({ absolute, relative }: Reference): boolean {
  return absolute !== undefined || relative !== undefined;
}

function heeding(signature: FileSignature, reference: Reference): Reference {
  if (signature.kind === 'none') return reference;
  if (signature.kind === 'fixed')
    return blocked(reference, `after an edit its signature could not be renewed: ${signature.why}`);
  const { site } = reference;
  const isInSignature =
    'start' in site && signature.ranges.some(({ start, end }) => site.start < end && site.end > start);
  if (isInSignature) return blocked(reference, 'it stands in the code signature, which seals it');
  if (signature.signer === '') return reference;
  return {
    ...reference,
    applicability: reference.applicability === 'manual' ? 'manual' : 'unsafe',
    note: withNote(
      reference,
      `the signature of ${signature.signer} can not be renewed: an edit makes it an ad hoc one`,
    ),
  };
}

function blocked(reference: Reference, note: string): Reference {
  const { absolute: _, relative: __, ...rest } = reference;
  return { ...rest, fix: 'blocked', applicability: 'manual', note: withNote(reference, note) };
}

function withNote({ note }: Reference, more: string): string {
  return note === '' ? more : `${note}; ${more}`;
}

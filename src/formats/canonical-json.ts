/** Canonical JSON: keys sorted, no white space, so that equal values are equal bytes. */

/** A value as JSON, keys in order at every depth. Undefined fields are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** Most values have their keys in order: they need no copy. */
function sorted(value: unknown): unknown {
  return isSorted(value) ? value : copySorted(value);
}

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = '';
  for (const [key, field] of Object.entries(value)) {
    if (key < last || !isSorted(field)) return false;
    last = key;
  }
  return true;
}

function copySorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}

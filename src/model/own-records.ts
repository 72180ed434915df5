/** relocate's own records at the root of a tree, and the name they have while they come or go: never scanned, never packed. */
const OWN = /^\.relocate(?:-?-\d+)?$/;

/** Whether a path of a tree is that of its records; what lies in them is not asked for. */
export function isOwnRecord(path: string): boolean {
  return OWN.test(path);
}

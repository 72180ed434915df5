/** Remembers the answers to questions about a tree, as many as there is room for: memory that does not grow with the tree. */

/** Answers that are kept whatever room they take: a few huge folders may be asked about in turn. */
const LEAST = 8;

/**
 * `look`, asked once for each key while its answer is remembered; what was not asked for longest is forgotten first.
 * @param room what all answers that are kept may take; `roomFor` tells what one does
 */
export function remembering<K, V>(
  look: (key: K) => V,
  room: number,
  roomFor: (answer: V) => number = one,
): (key: K) => V {
  // in the order in which they were asked for
  const known = new Map<K, V>();
  let taken = 0;
  const forget = (): void => {
    for (const [oldest, answer] of known) {
      if (taken <= room || known.size <= LEAST) return;
      known.delete(oldest);
      taken -= roomFor(answer);
    }
  };
  return (key) => {
    let answer = known.get(key);
    if (answer === undefined) {
      answer = look(key);
      taken += roomFor(answer);
    } else known.delete(key);
    known.set(key, answer);
    if (taken > room) forget();
    return answer;
  };
}

function one(): number {
  return 1;
}

/** Two sequences in order as one. */

/** Of equal values those of the first come first. */
export function* mergeSorted<T>(
  first: Iterable<T>,
  second: Iterable<T>,
  compare: (a: T, b: T) => number,
): Generator<T, void, void> {
  const others = second[Symbol.iterator]();
  let other = others.next();
  for (const value of first) {
    for (; other.done !== true && compare(other.value, value) < 0; other = others.next()) yield other.value;
    yield value;
  }
  for (; other.done !== true; other = others.next()) yield other.value;
}

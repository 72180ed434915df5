/** Finds a number by a digest: sixteen bytes of memory for each, or little more than twice that. */

/** So many hex digits are told apart: a number that a double holds exactly. Two digests that begin alike are one here. */
const DIGITS = 12;
const LEAST = 1024;

export class DigestTable {
  /** Beginnings of digests, one more than they are: 0 is free. */
  #keys: Float64Array = new Float64Array(LEAST);
  #values: Float64Array = new Float64Array(LEAST);
  #size = 0;

  /** The last value of several counts. `digest`: hex. */
  set(digest: string, value: number): void {
    if (3 * this.#size >= 2 * this.#keys.length) this.#grow();
    this.#put(keyOf(digest), value);
  }

  /** What may be the value of a digest: whoever asks must look whether it is. */
  get(digest: string): number | undefined {
    const at = this.#placeOf(keyOf(digest));
    return this.#keys[at] === 0 ? undefined : this.#values[at];
  }

  #put(key: number, value: number): void {
    const at = this.#placeOf(key);
    if (this.#keys[at] === 0) this.#size++;
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  /** Where a key is, or is to be. */
  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    let at = (key % 0x100000000) & mask;
    while (this.#keys[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(2 * keys.length);
    this.#values = new Float64Array(2 * keys.length);
    this.#size = 0;
    keys.forEach((key, i) => {
      if (key !== 0) this.#put(key, values[i] ?? 0);
    });
  }
}

function keyOf(digest: string): number {
  return Number.parseInt(digest.slice(0, DIGITS), 16) + 1;
}

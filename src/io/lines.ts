/** Cuts bytes that come in pieces into lines. */

const NEWLINE = 0x0a;

/** The lines without the newline that ends each; what follows the last one is left out. A line is valid until the next is asked for. */
export function* linesOf(pieces: Iterable<Buffer>): Generator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      yield rest.length === 0 ? piece.subarray(start, end) : Buffer.concat([rest, piece.subarray(start, end)]);
      rest = rest.subarray(0, 0);
      start = end + 1;
    }
    if (start < piece.length) rest = Buffer.concat([rest, piece.subarray(start)]);
  }
}

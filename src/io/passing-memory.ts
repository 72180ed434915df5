/** Memory of results that are copied at once: codecs of Node's make some megabytes of it for each frame. */

/** From Node 21 on (ES2024). */
interface MovableMemory extends ArrayBuffer {
  transfer?: (length: number) => ArrayBuffer;
}

/**
 * Gives the memory of bytes back that nobody needs any more; they are gone then. Else the garbage collector would have to find it, and it goes
 * through the whole heap for every few megabytes. On Node 20, and for bytes that share memory with others, that stays so.
 */
export function giveBack(bytes: Buffer): void {
  const memory = bytes.buffer as MovableMemory;
  // small buffers of Node's stand in one pool
  if (memory.byteLength > Buffer.poolSize) memory.transfer?.(0);
}

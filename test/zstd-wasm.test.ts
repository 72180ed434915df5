/** zstd in WebAssembly, whose one context goes through all frames of a thread. Nothing else here may use it: what it has seen is what is asked about. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ZSTD_FRAME_BYTES } from '../src/formats/zstd-frames.ts';
import { mostPacked } from '../src/io/zstd-codec.ts';
import { WasmZstd } from '../src/io/zstd-wasm.ts';

// zstd 1.5.6 read where no memory is, once a long frame began where a short one had stood that ended shortly before 2 GiB of contents
test('frames hold what was put in behind 2 GiB, too, and are what they would have been at first', async () => {
  const found = await WasmZstd.find();
  if (found === null) throw new Error('the package @cloudpss/zstd is missing');
  const engine = found;
  const program = readFileSync(process.execPath);
  const zeros = Buffer.alloc(ZSTD_FRAME_BYTES);
  let given = 0;
  const compress = (contents: Buffer): Buffer => {
    given += contents.length;
    return engine.compress(contents, 3, mostPacked(ZSTD_FRAME_BYTES), (made) => Buffer.from(made));
  };
  const isRight = (frame: Buffer, contents: Buffer): boolean =>
    engine.decompressAnew(frame, contents.length, (unpacked) => contents.equals(unpacked));

  const short = program.subarray(0, 1_000_000);
  const long = program.subarray(1_000_000, 5_000_000);
  const first = [compress(short), compress(long)];
  const before = 2 ** 31 - 2 * short.length;
  while (given < before) compress(zeros.subarray(0, before - given));
  const second = [compress(short), compress(long)];
  expect(given).toBeGreaterThan(2 ** 31);
  for (const [i, contents] of [short, long].entries()) {
    expect(isRight(second[i] ?? zeros, contents)).toBe(true);
    expect(second[i]?.equals(first[i] ?? zeros)).toBe(true);
  }
});

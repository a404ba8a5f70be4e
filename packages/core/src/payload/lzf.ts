/**
 * Unpacks LZF, which servers pack longer texts with (`rdbcompression`). Literal runs of up to 32 bytes, and references of 3
 * to 264 bytes to what was unpacked before.
 *
 * @returns Undefined where the bytes do not unpack to exactly that length.
 */
export function unpackLzf(packed: Uint8Array, length: number): Buffer | undefined {
  const text = Buffer.alloc(length);
  let from = 0;
  let to = 0;
  while (from < packed.length) {
    const control = packed[from++] as number;
    if (control < 0x20) {
      const run = control + 1;
      if (from + run > packed.length || to + run > length) return undefined;
      text.set(packed.subarray(from, from + run), to);
      from += run;
      to += run;
      continue;
    }
    let run = (control >> 5) + 2;
    if (run === 9) run += packed[from++] ?? 0;
    let at = to - (((control & 0x1f) << 8) | (packed[from++] ?? 0)) - 1;
    if (from > packed.length || at < 0 || to + run > length) return undefined;
    // byte by byte: a reference may reach into what it is itself unpacking
    for (; run > 0; run--) text[to++] = text[at++] as number;
  }
  return to === length ? text : undefined;
}

/**
 * A FUNCTION RESTORE payload made here: the way to swap several libraries in one step, all or nothing.
 *
 * Per library the opcode 0xF5 and the text as an RDB string; then the RDB version and a CRC-64 of all that, both little
 * endian. The version is the one of Redis 7.0: servers read older payloads, and refuse newer ones.
 */
const FUNCTION_OPCODE = 0xf5;
const RDB_VERSION = 10;

export function restorePayload(codes: readonly string[]): Buffer {
  const version = Buffer.alloc(2);
  version.writeUInt16LE(RDB_VERSION);
  const body = Buffer.concat([...codes.flatMap((code) => [Buffer.of(FUNCTION_OPCODE), rdbString(code)]), version]);
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, checksum]);
}

function rdbString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  if (length < 0x40) return Buffer.concat([Buffer.of(length), bytes]);
  if (length < 0x4000) return Buffer.concat([Buffer.of(0x40 | (length >> 8), length & 0xff), bytes]);
  const long = Buffer.alloc(5);
  long[0] = 0x80;
  long.writeUInt32BE(length, 1);
  return Buffer.concat([long, bytes]);
}

/** Jones' polynomial, reflected. In two halves of 32 bits: BigInt arithmetic per byte takes 40 times as long. */
const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(512);
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x95ac9329ac4bc9b5n : value >> 1n;
    table[index * 2] = Number(value & 0xffffffffn);
    table[index * 2 + 1] = Number(value >> 32n);
  }
  return table;
}

export function crc64(bytes: Uint8Array): bigint {
  let low = 0;
  let high = 0;
  for (const byte of bytes) {
    const index = ((low ^ byte) & 0xff) * 2;
    low = ((low >>> 8) | (high << 24)) ^ (TABLE[index] as number);
    high = (high >>> 8) ^ (TABLE[index + 1] as number);
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

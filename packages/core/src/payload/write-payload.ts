import { crc64 } from './crc64.js';
import { FUNCTION_OPCODE, RDB_VERSION } from './format.js';

/**
 * A FUNCTION RESTORE payload made here: the way to swap several libraries in one step, all or nothing. Every server with
 * functions reads it.
 */
export function writePayload(codes: readonly (string | Buffer)[]): Buffer {
  const version = Buffer.alloc(2);
  version.writeUInt16LE(RDB_VERSION);
  const body = Buffer.concat([...codes.flatMap((code) => [Buffer.of(FUNCTION_OPCODE), rdbString(code)]), version]);
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, checksum]);
}

function rdbString(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text as string);
  const { length } = bytes;
  if (length < 0x40) return Buffer.concat([Buffer.of(length), bytes]);
  if (length < 0x4000) return Buffer.concat([Buffer.of(0x40 | (length >> 8), length & 0xff), bytes]);
  const long = Buffer.alloc(5);
  long[0] = 0x80;
  long.writeUInt32BE(length, 1);
  return Buffer.concat([long, bytes]);
}

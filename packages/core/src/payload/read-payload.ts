import { InvalidPayloadError } from '../errors.js';
import { crc64 } from './crc64.js';
import { FOOTER_BYTES, FUNCTION_OPCODE, OLD_FUNCTION_OPCODE } from './format.js';
import { unpackLzf } from './lzf.js';

/** What a payload holds. */
export interface Payload {
  /** Of the server that wrote it: 10 for Redis 7.0, 11 for Redis 7.2 and Valkey 8, 12 for Redis 8, 80 for Valkey 9. */
  readonly rdbVersion: number;
  /** The text of each library, in the order of the payload. */
  readonly codes: readonly string[];
}

/** Before a text that is packed; the other values from 0xc0 are for numbers. */
const PACKED = 0xc3;
/** More than any set of libraries has: a text that claims to unpack to more is an attack on memory. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads what `dump()` or a bundle holds, of any server, without one.
 *
 * @throws InvalidPayloadError for what is cut off, changed, or none.
 */
export function readPayload(payload: Uint8Array): Payload {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = bytes.length - FOOTER_BYTES;
  if (end < 0) throw invalid(`has ${bytes.length} bytes, which is less than an empty one has`);
  if (crc64(bytes.subarray(0, end + 2)) !== bytes.readBigUInt64LE(end + 2)) {
    throw invalid('is cut off or changed: its checksum is wrong');
  }
  const codes: string[] = [];
  for (const reader = new Reader(bytes.subarray(0, end)); !reader.isAtEnd; ) codes.push(reader.readLibrary());
  return { rdbVersion: bytes.readUInt16LE(end), codes };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #unpacked = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  readLibrary(): string {
    const opcode = this.#take(1)[0] as number;
    if (opcode === OLD_FUNCTION_OPCODE)
      throw invalid('is of a release candidate of Redis 7.0, which wrote another format');
    if (opcode !== FUNCTION_OPCODE) throw invalid('holds something else than libraries');
    const text = this.#readString();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
    } catch (cause) {
      throw invalid('holds a library whose text is not UTF-8', cause);
    }
  }

  #readString(): Buffer {
    const first = this.#take(1)[0] as number;
    if (first !== PACKED) return this.#take(this.#count(this.#lengthOf(first)));
    const packedLength = this.#lengthOf(this.#take(1)[0] as number);
    const length = this.#count(this.#lengthOf(this.#take(1)[0] as number));
    const text = unpackLzf(this.#take(packedLength), length);
    if (!text) throw invalid('holds a text that cannot be unpacked');
    return text;
  }

  /** Of 6 bits, 14 bits or 4 bytes, as the first two bits say. */
  #lengthOf(first: number): number {
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | (this.#take(1)[0] as number);
    if (first === 0x80) return this.#take(4).readUInt32BE();
    throw invalid('holds something else than texts');
  }

  #count(length: number): number {
    this.#unpacked += length;
    if (this.#unpacked <= MOST_BYTES) return length;
    throw invalid(`holds more than ${MOST_BYTES} bytes of libraries`);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw invalid('ends in the middle of a library');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function invalid(what: string, cause?: unknown): InvalidPayloadError {
  return new InvalidPayloadError(`The payload ${what}. Make it again, and copy it as binary.`, { cause });
}

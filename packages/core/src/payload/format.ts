/** What FUNCTION DUMP and FUNCTION RESTORE speak: a piece of an RDB file, then its version and a checksum. */

/** Before each library, whose text follows. */
export const FUNCTION_OPCODE = 0xf5;
/** Of the pre-release servers of 7.0, with the name and engine beside the text. */
export const OLD_FUNCTION_OPCODE = 0xf6;
/** RDB version (2, little endian) and CRC-64 (8, little endian) of all that is before it. */
export const FOOTER_BYTES = 10;
/** Of Redis 7.0: servers read older payloads, and refuse newer ones, or those of the other product. */
export const RDB_VERSION = 10;

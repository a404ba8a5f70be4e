import type { EncodedCall } from '../define/function.js';
import { InvalidArgumentError } from '../errors.js';

/** Checks and converts what `encode` returned: clients refuse numbers, and send `undefined` and NaN as text. */
export function toWire(functionName: string, { keys, args = [] }: EncodedCall): Pick<WireCall, 'keys' | 'args'> {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key !== 'string' && !Buffer.isBuffer(key))
      throw wrong(functionName, `keys[${i}]`, key, 'text or a Buffer');
  }
  return { keys, args: args.map((value, i) => toWireArgument(functionName, i, value)) };
}

interface WireCall {
  readonly keys: readonly (string | Buffer)[];
  readonly args: readonly (string | Buffer)[];
}

function toWireArgument(functionName: string, index: number, value: unknown): string | Buffer {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw wrong(functionName, `args[${index}]`, value, 'text, a finite number or a Buffer');
}

function wrong(functionName: string, field: string, value: unknown, wanted: string): InvalidArgumentError {
  const got = typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value;
  return new InvalidArgumentError(field, `${functionName}: ${field} is ${got}. Give ${wanted}.`);
}

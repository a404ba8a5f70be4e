import type { Command } from '../client/port.js';
import type { EncodedCall } from '../define/function.js';
import { InvalidArgumentError } from '../errors.js';

/**
 * The command of a call, checked and ready: `FCALL name numkeys key… arg…`. Clients refuse numbers, and send `undefined`
 * and NaN as text. One array, written once: this runs for every call.
 */
export function toCommand(functionName: string, readOnly: boolean, { keys, args }: EncodedCall): Command {
  const command: (string | Buffer)[] = [readOnly ? 'FCALL_RO' : 'FCALL', functionName, String(keys.length)];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key !== 'string' && !Buffer.isBuffer(key)) {
      throw wrong(functionName, `keys[${i}]`, key, 'text or a Buffer');
    }
    command.push(key);
  }
  if (args === undefined) return command;
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    if (typeof value === 'string' || Buffer.isBuffer(value)) command.push(value);
    else if (typeof value === 'number' && Number.isFinite(value)) command.push(String(value));
    else throw wrong(functionName, `args[${i}]`, value, 'text, a finite number or a Buffer');
  }
  return command;
}

function wrong(functionName: string, field: string, value: unknown, wanted: string): InvalidArgumentError {
  const got = typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value;
  return new InvalidArgumentError(field, `${functionName}: ${field} is ${got}. Give ${wanted}.`);
}

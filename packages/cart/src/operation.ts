import { createHash } from 'node:crypto';
import { checkId, checkObject, checkOptional, invalid, isWhole } from './input.js';

/** How a change is asked for. */
export interface OperationOptions {
  /**
   * 1 to 256 bytes, the same for every repeat of one operation on one cart (a form's token, the header Idempotency-Key):
   * however often and at once it is asked for, it is done once, and all get the same answer. Remembered for
   * `rememberFor`. A refusal is not remembered: it changed nothing.
   */
  opId?: string | undefined;
  /** The version that the cart must have; 0 for one that does not exist. Otherwise `VERSION_CONFLICT`. */
  ifVersion?: number | undefined;
}

/** Options that have been checked, and what the operation is. */
export interface Operation {
  readonly opId: string | undefined;
  readonly ifVersion: number | undefined;
  /** The same for the same operation. */
  readonly fingerprint: string;
}

/** @param what Name and input of the operation: another one with the same id is refused. */
export function toOperation(options: OperationOptions, what: readonly unknown[]): Operation {
  const given = checkObject('options', options);
  const opId = checkOptional(given['opId'], (value) => checkId('opId', value));
  const ifVersion = checkOptional(given['ifVersion'], checkVersion);
  const fingerprint =
    opId === undefined ? '' : createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, 22);
  return { opId, ifVersion, fingerprint };
}

function checkVersion(value: unknown): number {
  if (isWhole(value, 0)) return value;
  throw invalid('INVALID_ARGUMENT', 'ifVersion', value, 'the version of a cart, or 0 for none');
}

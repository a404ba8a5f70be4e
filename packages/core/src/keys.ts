import { InvalidArgumentError } from './errors.js';

/** Of surrogates only lone ones: of a pair this sees the character. */
const UNSAFE = /[%{}:\s\p{Cc}\p{Surrogate}]/gu;
const TAG = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Checks the part of a key that goes between `{` and `}`, which decides its slot in a cluster. A brace in a tenant's
 * name would move it to another tenant's slot, an empty tag would spread keys that must stay together.
 *
 * @throws InvalidArgumentError unless the value is 1–64 letters, digits, `.`, `_` or `-`.
 */
export function assertHashTag(field: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && TAG.test(value)) return;
  throw new InvalidArgumentError(
    field,
    `${field} must be 1 to 64 letters, digits, ".", "_" or "-", because it decides the cluster slot of its keys. ` +
      'Map other names to such a text first, for example with encodeURIComponent or a hash.',
  );
}

/**
 * Makes any text safe inside a key name: braces, separators and control characters are percent-encoded, so that no value
 * can end a hash tag, start one, or pose as another key. Different texts give different results.
 */
export function encodeKeyPart(value: string): string {
  return value.replace(UNSAFE, (unit) => {
    // a lone surrogate has no UTF-8 form: two different ones would become one key
    const lone = unit.length === 1 && unit >= '\uD800' && unit <= '\uDFFF';
    return lone ? `%u${unit.charCodeAt(0).toString(16)}` : encodeURIComponent(unit);
  });
}

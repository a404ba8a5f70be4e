import { type Duration, InvalidArgumentError, parseDuration } from '@redis-functions/core';

/** What a refusal costs a client beyond the refusal. */
export interface BlockOptions {
  /** How long the first block lasts. */
  duration: Duration;
  /** Each further block lasts so many times longer: a whole number from 1 to 100. Default: 1. */
  factor?: number;
  /** The longest that a block becomes. Default: 100 years, or `duration` with a factor of 1. */
  max?: Duration;
  /** How long after the end of a block the next one still counts as a further one. Default: `max`, at most a day. */
  forgetAfter?: Duration;
  /** Whether a refusal during a block begins it again. Default: false: a block ends on time. */
  extend?: boolean;
}

/** A block that has been checked, every default in place; milliseconds. */
export interface ResolvedBlock {
  readonly duration: number;
  readonly factor: number;
  readonly max: number;
  readonly forgetAfter: number;
  readonly extend: boolean;
}

const HUNDRED_YEARS_MS = 3_155_760_000_000;
const DAY_MS = 86_400_000;

/** @throws InvalidArgumentError that names the field. */
export function resolveBlock(field: string, block: Duration | BlockOptions): ResolvedBlock {
  if (typeof block !== 'object') {
    const duration = parseDuration(field, block);
    return Object.freeze({ duration, factor: 1, max: duration, forgetAfter: 0, extend: false });
  }
  if (block === null) {
    throw new InvalidArgumentError(field, `${field} is null. Give a duration like "10m", or leave it out.`);
  }
  const { factor = 1, extend = false } = block;
  const duration = parseDuration(`${field}.duration`, block.duration);
  if (!Number.isInteger(factor) || factor < 1 || factor > 100) {
    throw new InvalidArgumentError(
      `${field}.factor`,
      `${field}.factor is ${String(factor)}. Give a whole number from 1 to 100.`,
    );
  }
  const max =
    block.max === undefined
      ? factor === 1
        ? duration
        : HUNDRED_YEARS_MS
      : Math.max(duration, parseDuration(`${field}.max`, block.max));
  const forgetAfter =
    block.forgetAfter === undefined
      ? factor === 1
        ? 0
        : Math.min(max, DAY_MS)
      : block.forgetAfter === 0
        ? 0
        : parseDuration(`${field}.forgetAfter`, block.forgetAfter);
  return Object.freeze({ duration, factor, max, forgetAfter, extend });
}

/** As the Lua takes it: ",block=MS:FACTOR:MOST:FORGET:EXTEND". */
export function toBlockOption({ duration, factor, max, forgetAfter, extend }: ResolvedBlock): string {
  return `,block=${duration}:${factor}:${max}:${forgetAfter}:${extend ? 1 : 0}`;
}

import { InvalidArgumentError } from '@redis-functions/core';
import { CostAboveCapacityError } from '@redis-functions/rate-limit';

/** Does something, and has what is wrong with a policy say where the policy stands. */
export function within<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw located(place, error);
  }
}

export function located(place: string, error: unknown): unknown {
  if (!(error instanceof InvalidArgumentError) && !(error instanceof CostAboveCapacityError)) return error;
  return new InvalidArgumentError(error.field, `${place}: ${error.message}`, { cause: error });
}

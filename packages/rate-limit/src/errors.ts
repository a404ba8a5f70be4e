import { RedisFunctionsError } from '@redis-functions/core';

/** A cost that no wait would ever let pass. Nothing was asked and nothing charged. */
export class CostAboveCapacityError extends RedisFunctionsError {
  override readonly name = 'CostAboveCapacityError';
  readonly field: string;
  readonly cost: number;
  readonly policy: string;
  readonly limit: number;

  constructor(field: string, cost: number, policy: string, limit: number) {
    super(
      'COST_ABOVE_CAPACITY',
      `${field} is ${cost}, and policy "${policy}" never has more than ${limit} at once. Ask for less, or raise its limit.`,
    );
    this.field = field;
    this.cost = cost;
    this.policy = policy;
    this.limit = limit;
  }
}

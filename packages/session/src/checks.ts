import { InvalidArgumentError } from '@redis-functions/core';

const LONGEST_USER_ID = 512;

export function assertUserId(userId: unknown): asserts userId is string {
  const isText = typeof userId === 'string' && userId.length > 0 && userId.length <= LONGEST_USER_ID;
  // half a surrogate pair has no UTF-8 form: two such users would become one
  if (isText && !/\p{Surrogate}/u.test(userId)) return;
  throw new InvalidArgumentError(
    'userId',
    `userId must be 1 to ${LONGEST_USER_ID} characters. Give the id that never changes, as text; for a guest's session, create takes null.`,
  );
}

export function assertVersion(version: number | undefined): void {
  if (version === undefined || (Number.isSafeInteger(version) && version >= 0)) return;
  throw new InvalidArgumentError('expectedVersion', 'expectedVersion is not a version. Give the one of a session.');
}

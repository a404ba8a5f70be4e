/**
 * Answers that say: not now, and nothing has been run. They pass within moments, so the call is repeated until its deadline.
 *
 * - TRYAGAIN: the keys of the call are on both sides of a slot that is moving (node-redis does not retry it).
 * - CLUSTERDOWN, MASTERDOWN: a primary is gone and no replica has taken over yet.
 * - LOADING: the server is reading its data.
 * - BUSY: a function or script has been running for too long, and nothing else gets its turn.
 * - READONLY: the server was the primary and is not any more. It passes where the client finds the new one.
 */
const PASSING = /^(?:TRYAGAIN|CLUSTERDOWN|MASTERDOWN|LOADING|BUSY|READONLY) /;
/** The same words from inside a function mean that it did run, up to there. */
const FROM_INSIDE = / script: /;

export function isPassingRefusal(message: string, followsFailover: boolean): boolean {
  if (message.startsWith('READONLY') && !followsFailover) return false;
  return PASSING.test(message) && !FROM_INSIDE.test(message);
}

export function isFunctionNotFound(message: string): boolean {
  return message.startsWith('ERR Function not found');
}

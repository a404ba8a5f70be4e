import { setTimeout as wait } from 'node:timers/promises';
import { NotSettledError } from '../errors.js';
import type { Inquiry } from './inquiry.js';
import { withInquiry } from './inquiry.js';

const POLL_MS = 25;

/** How long servers may take to agree, in milliseconds: a failover on a busy machine included. */
export const SETTLE_MS = 30_000;

/**
 * Waits until `look` finds nothing that is not yet as it should be.
 *
 * @param look What is missing, for the error; undefined when all is well. A failure to ask counts as missing.
 * @throws NotSettledError with what was missing last.
 */
export async function settle(
  look: (inquiry: Inquiry) => Promise<string | undefined>,
  timeoutMs = SETTLE_MS,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  await withInquiry(async (inquiry) => {
    for (;;) {
      const { missing, cause } = await look(inquiry).then(
        (missing) => ({ missing, cause: undefined }),
        (cause: unknown) => ({ missing: cause instanceof Error ? cause.message : String(cause), cause }),
      );
      if (missing === undefined) return;
      if (performance.now() > end) throw new NotSettledError(timeoutMs, missing, cause === undefined ? {} : { cause });
      await wait(POLL_MS);
    }
  });
}

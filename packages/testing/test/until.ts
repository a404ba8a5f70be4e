import { setTimeout as wait } from 'node:timers/promises';

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so after ${timeoutMs} ms: ${condition}`);
    await wait(20);
  }
}

import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so after ${timeoutMs} ms: ${condition}`);
    await wait(20);
  }
}

/** Of these processes those that run: one that has ended stays listed until its parent, or the system's first process, looks. */
export function living(pids: readonly number[]): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  const running = lines.map((line) => line.trim().split(/\s+/)).filter(([, state]) => !state?.startsWith('Z'));
  const ids = new Set(running.map(([pid]) => Number(pid)));
  return pids.filter((pid) => ids.has(pid));
}

import type { RedisNode } from '../server/redis-node.js';

/** Starts several at once. Where one does not start, none is left behind. */
export async function startTogether(starts: readonly Promise<RedisNode>[]): Promise<RedisNode[]> {
  const results = await Promise.allSettled(starts);
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return started;
  await stopTogether(started);
  throw failure.reason;
}

export async function stopTogether(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}

/** Goes on with what was started, and stops it where that fails. */
export async function orStop<Result>(nodes: readonly RedisNode[], goOn: () => Promise<Result>): Promise<Result> {
  try {
    return await goOn();
  } catch (error) {
    await stopTogether(nodes);
    throw error;
  }
}

/** Those that can answer. */
export function responsive(nodes: readonly RedisNode[]): RedisNode[] {
  return nodes.filter((node) => node.isRunning && !node.isPaused);
}

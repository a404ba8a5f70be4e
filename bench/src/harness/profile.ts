import { type Profiler, Session } from 'node:inspector/promises';
import { printTable } from './tables.js';

/** Where time was spent: a function by itself, without what it called. */
export interface SelfTime {
  readonly where: string;
  /** Of all samples, 0 to 1. */
  readonly part: number;
}

/** What the engine calls waiting for I/O. */
const IDLE = '(idle)';

/** Looks at the stack ten times per millisecond until it is stopped. */
export async function startProfile(): Promise<() => Promise<SelfTime[]>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return toSelfTimes(profile);
  };
}

export function printProfile(title: string, times: readonly SelfTime[], most = 30): void {
  const busy = times.reduce((sum, { where, part }) => sum + (where === IDLE ? 0 : part), 0);
  const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
  printTable(
    title,
    ['function', 'self time', 'of busy time'],
    times.slice(0, most).map(({ where, part }) => [where, percent(part), where === IDLE ? '' : percent(part / busy)]),
  );
}

function toSelfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): SelfTime[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, toPlace(callFrame)]));
  const spent = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? '(unknown)';
    const us = timeDeltas[index] ?? 0;
    spent.set(place, (spent.get(place) ?? 0) + us);
    total += us;
  }
  return [...spent]
    .map(([where, us]) => ({ where, part: us / total }))
    .toSorted((left, right) => right.part - left.part);
}

/** `send (rate-limit/dist/batch/batcher.js:93)`; the engine's own, such as `(idle)`, are in brackets. */
function toPlace({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  const file = url.replace(/^.*\/(node_modules|packages|bench)\//, '').replace('file://', '');
  return `${name} (${file}:${lineNumber + 1})`;
}

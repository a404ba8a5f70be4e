import type { Demand } from '../../harness/demands.js';
import type { Rate } from '../../harness/rounds.js';
import { type Context, USUAL } from '../context.js';
import { fastest, openAll, race, steadiest, using } from '../race.js';

/** Decisions about as many clients as a busy site has in a minute. */
export async function manyKeys(context: Context): Promise<Demand[]> {
  const rates = await using(openAll({ url: context.server.url, ...USUAL }), (limiters) =>
    race(context, { title: 'Decisions, 10,000 keys', clients: 10_000, expected: 'done' }, limiters),
  );
  const [ours, ...peers] = rates as [Rate, ...Rate[]];
  const fast = fastest(peers);
  const steady = steadiest(peers);
  return [
    {
      figure: 'decisions/s, 10,000 keys',
      of: `ours : ${fast.name}`,
      value: ours.perSecond / fast.perSecond,
      must: 'at least',
      bound: 2,
    },
    {
      figure: 'p99, same load',
      of: `ours : ${steady.name}`,
      value: ours.p99Ms / steady.p99Ms,
      must: 'at most',
      bound: 0.5,
    },
  ];
}

import type { Demand } from '../../harness/demands.js';
import type { Rate } from '../../harness/rounds.js';
import { AMPLE, type Context } from '../context.js';
import { fastest, openAll, race, using } from '../race.js';

/** Decisions about few clients, several of one client at the same moment. Nobody is refused. */
export async function hotKeys(context: Context): Promise<Demand[]> {
  const rates = await using(openAll({ url: context.server.url, ...AMPLE }), (limiters) =>
    race(context, { title: 'Decisions, 10 hot keys', clients: 10, expected: 'done' }, limiters),
  );
  const [ours, ...peers] = rates as [Rate, ...Rate[]];
  const fast = fastest(peers);
  return [
    {
      figure: 'decisions/s, 10 hot keys',
      of: `ours : ${fast.name}`,
      value: ours.perSecond / fast.perSecond,
      must: 'at least',
      bound: 4,
    },
  ];
}

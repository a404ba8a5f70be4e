import type { Demand } from '../../harness/demands.js';
import { countersOf } from '../../harness/redis-counters.js';
import { measure, type Rate } from '../../harness/rounds.js';
import { CONDITIONS, type Context } from '../context.js';
import { type Limiter, toAddresses, toContestant } from '../limiters/limiter.js';
import { openAll, race, using } from '../race.js';

const CLIENTS = 1_000;

/** Decisions about clients that are over their limit, and go on asking. */
export async function blockedKeys(context: Context): Promise<Demand[]> {
  const quota = { limit: 1, windowMs: 3_600_000 };
  const { rates, commands } = await using(openAll({ url: context.server.url, ...quota }), async (limiters) => ({
    rates: await race(context, { title: 'Decisions, blocked keys', clients: CLIENTS, expected: 'refused' }, limiters),
    commands: await commandsPerDecision(context, limiters[0]),
  }));
  const [ours, flexible, express, nest] = rates as [Rate, Rate, Rate, Rate];
  const times = (peer: Rate, bound: number): Demand => ({
    figure: 'decisions/s, blocked keys',
    of: `ours : ${peer.name}`,
    value: ours.perSecond / peer.perSecond,
    must: 'at least',
    bound,
  });
  return [
    times(express, 8),
    times(nest, 8),
    times(flexible, 1),
    {
      figure: 'Redis commands per decision, blocked keys',
      of: 'ours, those inside functions too',
      value: commands,
      must: 'below',
      bound: 0.01,
      unit: 'commands',
    },
  ];
}

/** Over several lives of what is remembered of a refusal, which is a second. */
async function commandsPerDecision({ server }: Context, limiter: Limiter): Promise<number> {
  const outcomes = { done: 0, refused: 0, faked: 0 };
  const contestant = toContestant(limiter, toAddresses(CLIENTS));
  const { commands } = await countersOf(server, () => measure(contestant, { ...CONDITIONS, roundMs: 4_000 }, outcomes));
  return commands / (outcomes.done + outcomes.refused + outcomes.faked);
}

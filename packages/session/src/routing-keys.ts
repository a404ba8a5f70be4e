import { InvalidArgumentError } from '@redis-functions/core';

/** The first makes new tags, all find sessions. */
export type RoutingKeys = readonly [current: string, ...previous: string[]];

const SHORTEST = 32;
const HOW_TO_MAKE =
  `Give at least ${SHORTEST} random characters, the same in every instance: ` +
  `node -p "crypto.randomBytes(32).toString('base64url')".`;
/** Outside of production: known to everybody, and the same after a restart, so that device lists stay complete. */
const OF_DEVELOPMENT = 'not a secret: the routing key where none is given';

let warned = false;

/** @throws InvalidArgumentError, never with the key in it. In production, also for none at all. */
export function toRoutingKeys(routingKey: string | readonly string[] | undefined): RoutingKeys {
  if (routingKey === undefined && process.env['NODE_ENV'] !== 'production') return forDevelopment();
  const [current, ...previous] = typeof routingKey === 'string' ? [routingKey] : (routingKey ?? []);
  if (!isLongEnough(current) || !previous.every(isLongEnough)) {
    throw new InvalidArgumentError('routingKey', `routingKey is missing or too short. ${HOW_TO_MAKE}`);
  }
  return [current, ...previous];
}

function isLongEnough(key: unknown): key is string {
  return typeof key === 'string' && key.length >= SHORTEST;
}

function forDevelopment(): RoutingKeys {
  if (!warned) {
    process.emitWarning(`Sessions have no routingKey, which is an error in production. ${HOW_TO_MAKE}`, {
      type: 'SessionWarning',
      code: 'SESSION_WITHOUT_ROUTING_KEY',
    });
  }
  warned = true;
  return [OF_DEVELOPMENT];
}

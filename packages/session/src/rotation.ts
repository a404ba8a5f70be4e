import { createHmac } from 'node:crypto';
import type { RoutingKeys } from './routing-keys.js';
import { formatToken, hashSecret, type Token } from './token.js';

/**
 * The token that takes the place of another one, told from it: two requests that rotate at once, and one whose answer got
 * lost, come to the same. Nobody else can tell it, because the routing key is in it.
 */
export function successorOf(routingKey: string, token: Token): Token {
  const { tag, handle, secret } = token;
  const key = createHmac('sha256', routingKey).update('rotation').digest();
  return { tag, handle, secret: createHmac('sha256', key).update(`${handle}\0${secret}`).digest('base64url') };
}

/** The successor that has the hash, whichever routing key it was made with; undefined where none has. */
export function findSuccessor(routingKeys: RoutingKeys, token: Token, secretHash: string): string | undefined {
  const found = routingKeys
    .map((routingKey) => successorOf(routingKey, token))
    .find(({ secret }) => hashSecret(secret) === secretHash);
  return found && formatToken(found);
}

import type { ExecutionContext } from '@nestjs/common';
import type { Call } from './call.js';
import { graphqlCall } from './graphql.js';
import { httpCall } from './http.js';
import { otherCall } from './other.js';
import { rpcCall } from './rpc.js';
import { websocketCall } from './websocket.js';

/** By what `ExecutionContext.getType()` says; one file each. */
const READERS: ReadonlyMap<string, (context: ExecutionContext) => Call> = new Map([
  ['http', httpCall],
  ['graphql', graphqlCall],
  ['ws', websocketCall],
  ['rpc', rpcCall],
]);

export function callOf(context: ExecutionContext): Call {
  return (READERS.get(context.getType()) ?? otherCall)(context);
}

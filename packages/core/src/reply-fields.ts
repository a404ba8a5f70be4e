import { toText } from './replies.js';

/** A map arrives flat on RESP2, and on RESP3 as whatever the client makes of maps. */
export function toFields(reply: unknown): Map<string, unknown> {
  if (reply instanceof Map) return new Map([...reply].map(([key, value]) => [toText(key), value]));
  if (!Array.isArray(reply)) return new Map(Object.entries(reply as object));
  const fields = new Map<string, unknown>();
  for (let i = 0; i + 1 < reply.length; i += 2) fields.set(toText(reply[i]), reply[i + 1]);
  return fields;
}

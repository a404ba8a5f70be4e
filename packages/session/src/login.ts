import type { CreatedSession, DeviceInfo, Session, SessionData } from './session.js';
import { parseToken, type Token } from './token.js';

/** What a login is made of. */
export interface LoginSteps {
  readonly read: (token: Token) => Promise<Session | null>;
  /** Ends the session, and tells what it had when it ended. */
  readonly take: (token: Token) => Promise<Session | null>;
  readonly create: (userId: string, data: SessionData, device: DeviceInfo) => Promise<CreatedSession>;
  /** In one step: what refuses the new session leaves the old one, and no other of the user has to go for it. */
  readonly replace: (old: Token, before: Session, own: SessionData, device: DeviceInfo) => Promise<CreatedSession>;
  /** Whether both are of one slot, so that one step can do it. */
  readonly isNear: (old: Token, userId: string) => boolean;
  /** However large: each of the two was within the limit, and refused now their data would be lost. @returns Its version. */
  readonly change: (token: Token, set: SessionData, remove: readonly string[]) => Promise<number | null>;
}

/**
 * An order that is safe at each step: until the new session is made nothing has happened to the old one; after it, what is
 * left of the old one has the rights it had, and a TTL. The old token never opens what the new one does.
 */
export async function login(
  steps: LoginSteps,
  old: Token | undefined,
  userId: string,
  data: SessionData,
  device: DeviceInfo,
): Promise<CreatedSession> {
  // not a replica: it may not have heard of a guest who came a moment ago
  const before = old && (await steps.read(old));
  if (!old || !before) return steps.create(userId, data, device);
  if (before.userId === userId && steps.isNear(old, userId)) return steps.replace(old, before, data, device);
  const goesAlong = before.userId === null || before.userId === userId;
  const created = await steps.create(userId, { ...(goesAlong && before.data), ...data }, device);
  const last = await steps.take(old);
  if (!goesAlong || !last || last.version === before.version) return created;
  return follow(steps, created, before, last, data);
}

/** What a guest did in another tab while their session was copied; what the login itself sets wins. */
async function follow(
  steps: LoginSteps,
  created: CreatedSession,
  before: Session,
  last: Session,
  own: SessionData,
): Promise<CreatedSession> {
  const isNotOwn = (key: string) => !Object.hasOwn(own, key);
  const set = Object.fromEntries(Object.entries(last.data).filter(([key]) => isNotOwn(key)));
  const remove = Object.keys(before.data).filter((key) => isNotOwn(key) && !Object.hasOwn(last.data, key));
  const version = await steps.change(parseToken(created.token) as Token, set, remove);
  if (version === null) return created;
  return { ...created, session: { ...created.session, data: { ...last.data, ...own }, version } };
}

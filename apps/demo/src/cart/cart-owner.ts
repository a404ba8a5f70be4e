import type { RequestSession, Session } from '@redis-functions/session';

/** The cart that belongs to a session: a guest's own, or the user's, which all their devices share. */
export function cartIdOf({ userId, handle }: { userId: string | null; handle: string }): string {
  return userId === null ? `guest.${handle}` : `user.${userId}`;
}

/** The visitor's cart; undefined for somebody without a session. */
export async function cartOf(visitor: RequestSession): Promise<string | undefined> {
  const session = await visitor.load();
  return session ? cartIdOf(session) : undefined;
}

/** Whoever changes a cart: somebody without a session gets one. */
export async function ownerOf(visitor: RequestSession): Promise<Session> {
  return (await visitor.load()) ?? (await visitor.start());
}

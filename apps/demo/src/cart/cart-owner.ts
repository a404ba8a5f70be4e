import type { Request } from 'express';

/** The cart that belongs to a session: a guest's own, or the user's, which all their devices share. */
export function cartIdOf({ userId, handle }: { userId: string | null; handle: string }): string {
  return userId === null ? `guest.${handle}` : `user.${userId}`;
}

/** The visitor's cart; undefined for somebody without a session. */
export async function cartOf(request: Request): Promise<string | undefined> {
  const session = await request.session.load();
  return session ? cartIdOf(session) : undefined;
}

/** The visitor's cart; somebody without a session gets one. */
export async function ownCart(request: Request): Promise<string> {
  return cartIdOf((await request.session.load()) ?? (await request.session.start()));
}

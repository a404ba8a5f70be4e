/** Which session. Never with a token in it. */
export interface SessionEvent {
  readonly handle: string;
  /** Null for a guest. */
  readonly userId: string | null;
}

/** What a service tells of: `sessions.on('created', ({ handle, userId }) => …)`. Listeners are called at once. */
export interface SessionEvents {
  created: [event: SessionEvent];
  /** It has a new token. */
  rotated: [event: SessionEvent];
  /** It had to go for another session of its user. */
  evicted: [event: SessionEvent & { readonly by: string }];
  /**
   * It was ended: by its token (`destroyed`), by whoever may end all of the user's (`revoked`), by a login that took its
   * place (`replaced`), or because a token came back that had been replaced (`reused`).
   */
  destroyed: [event: SessionEvent & { readonly reason: 'destroyed' | 'revoked' | 'replaced' | 'reused' }];
  /** Its time was over. Told at least once, by one of the processes, where `expiryEvents` is on. */
  expired: [event: SessionEvent];
  /** A token came back after it had been replaced and its grace was over: somebody has a copy, or a very slow client. */
  reuse: [event: SessionEvent];
  /** What is done without anybody waiting for it failed: looking for sessions that expired, which is tried again, or `onReuse: 'end'`. */
  failed: [error: Error];
}

export type { SessionSerializer, SessionStoreOptions } from './options.js';
export type { StoreCallback } from './session-store.js';
export { SessionStore } from './session-store.js';

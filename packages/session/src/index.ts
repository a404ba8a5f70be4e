export type { SessionErrorCode } from './errors.js';
export { SessionError } from './errors.js';
export { sessionsLibrary } from './library.js';
export type { SessionServiceOptions } from './options.js';
export type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
export type { LoginOptions, PatchOptions } from './session-service.js';
export { SessionService } from './session-service.js';

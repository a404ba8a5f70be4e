export type { SessionErrorCode } from './errors.js';
export { SessionError } from './errors.js';
export type { SessionEvent, SessionEvents } from './events.js';
export { sessionsLibrary } from './library.js';
export type { SessionServiceOptions } from './options.js';
export type { Preset } from './presets.js';
export type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
export type { AppendOptions, GetOptions, LoginOptions, PatchOptions, RotateOptions } from './session-service.js';
export { SessionService } from './session-service.js';

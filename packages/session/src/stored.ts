import { fromFields } from './data.js';
import type { StoredDevice, StoredSession } from './library.js';
import type { Device, Session } from './session.js';

/** @throws SessionError `CORRUPT_DATA`. */
export function toSession({
  handle,
  userId,
  createdAt,
  lastSeenAt,
  expiresAt,
  version,
  readAt,
  fields,
}: Omit<StoredSession, 'secretHash'>): Session {
  return {
    handle,
    userId: userId === '' ? null : userId,
    ...fromFields(fields),
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    version,
    readAt: new Date(readAt),
  };
}

export function toDevice({ handle, createdAt, lastSeenAt, expiresAt, fields }: StoredDevice): Device {
  return {
    handle,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    ...fromFields(fields).device,
  };
}

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { clientAddress } from '@redis-functions/rate-limit';
import { type Device, SessionService } from '@redis-functions/session';
import { LiveService } from '../events/live.service.js';
import type { DeviceView } from './view.js';

/** Which session came or went. */
interface SessionEvent {
  readonly userId: string | null;
}

/** The devices of a user, on every page of that user, as sessions come and go. */
@Injectable()
export class Devices implements OnModuleInit {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  onModuleInit(): void {
    this.live.offer('devices', { read: async (userId) => (await this.sessions.list(userId)).map(showDevice) });
    const tell = ({ userId }: SessionEvent) => {
      if (userId !== null) this.live.tell(`devices:${userId}`);
    };
    for (const event of ['created', 'destroyed', 'evicted', 'expired'] as const) this.sessions.on(event, tell);
  }
}

export function showDevice({ handle, ip, userAgent, createdAt, lastSeenAt }: Device): DeviceView {
  return {
    handle,
    ip: (ip && clientAddress(ip, false)) ?? null,
    userAgent: userAgent ?? null,
    createdAt: createdAt.getTime(),
    lastSeenAt: lastSeenAt.getTime(),
  };
}

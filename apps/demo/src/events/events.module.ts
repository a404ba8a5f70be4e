import { Global, Module } from '@nestjs/common';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { LiveService } from './live.service.js';

/** What happens, to the pages that show it. Global: whatever changes something tells it here. */
@Global()
@Module({ controllers: [EventsController], providers: [LiveService, EventStreams], exports: [LiveService] })
export class EventsModule {}

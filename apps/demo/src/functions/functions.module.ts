import { type DynamicModule, Module } from '@nestjs/common';
import type { Connection } from '../redis-source/redis-source.js';
import { CallStatistics } from './call-statistics.js';
import { FunctionsController } from './functions.controller.js';
import { CONNECTION, FunctionsService } from './functions.service.js';
import { ProcessReports } from './process-reports.js';
import { TrafficService } from './traffic.service.js';
import { TrafficSwitch } from './traffic-switch.js';

@Module({})
export class FunctionsModule {
  /** @param connection Where releases are deployed to. */
  static forRoot(connection: Connection): DynamicModule {
    return {
      module: FunctionsModule,
      controllers: [FunctionsController],
      providers: [
        { provide: CONNECTION, useValue: connection },
        FunctionsService,
        CallStatistics,
        TrafficService,
        TrafficSwitch,
        ProcessReports,
      ],
    };
  }
}

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { hearTraffic, IS_SUPERVISED, switchTraffic } from '../cluster/ask-supervisor.js';
import { LiveService } from '../events/live.service.js';
import { ProcessReports } from './process-reports.js';
import { TrafficService } from './traffic.service.js';

/** Begins and ends the traffic of all processes of the shop, whichever of them is asked. */
@Injectable()
export class TrafficSwitch implements OnModuleInit {
  constructor(
    @Inject(TrafficService) private readonly traffic: TrafficService,
    @Inject(ProcessReports) private readonly reports: ProcessReports,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  onModuleInit(): void {
    if (IS_SUPERVISED) hearTraffic((isRunning) => void this.#turn(isRunning));
  }

  /** Every process has been told when it resolves. */
  turn(isRunning: boolean): Promise<void> {
    return IS_SUPERVISED ? switchTraffic(isRunning) : this.#turn(isRunning);
  }

  async #turn(isRunning: boolean): Promise<void> {
    await (isRunning ? this.traffic.start() : this.traffic.stop());
    await this.reports.send();
    this.live.tell('functions');
  }
}

import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Handle, RedisFunctions } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { feed } from '../libraries/feed.js';
import { CallStatistics, type CallTally } from './call-statistics.js';
import { type TrafficReport, TrafficService } from './traffic.service.js';

export interface ProcessReport {
  readonly calls: readonly (readonly [functionName: string, tally: CallTally])[];
  readonly traffic?: TrafficReport;
}

/** Where several processes are one shop, whoever starts them gives them one name. */
const RUN = process.env['SHOP_RUN'] ?? randomUUID();
const KEY = `{demo}:reports:${RUN}`;
const REPORT_EVERY_MS = 1_000;

/** What each process of the shop has counted, for all of them. A process that has nothing new to tell sends nothing. */
@Injectable()
export class ProcessReports implements OnModuleInit, OnModuleDestroy {
  readonly #id = String(process.pid);
  readonly #feed: Handle<typeof feed.functions>;
  #timer: NodeJS.Timeout | undefined;
  #last = '';
  #underWay: Promise<void> | undefined;

  constructor(
    @InjectRedisFunctions() functions: RedisFunctions,
    @Inject(CallStatistics) private readonly statistics: CallStatistics,
    @Inject(TrafficService) private readonly traffic: TrafficService,
  ) {
    this.#feed = functions.use(feed, { deadlineMs: REPORT_EVERY_MS });
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.send(), REPORT_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** Once at a time; what cannot be sent goes with the next. */
  send(): Promise<void> {
    this.#underWay ??= this.#send().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async all(): Promise<ProcessReport[]> {
    return (await this.#feed.reports(KEY)).map((text) => JSON.parse(text) as ProcessReport);
  }

  async #send(): Promise<void> {
    const traffic = this.traffic.report();
    const report: ProcessReport = { calls: [...this.statistics.tallies], ...(traffic && { traffic }) };
    const text = JSON.stringify(report);
    if (text === this.#last) return;
    await this.#feed.report(KEY, this.#id, text).then(
      () => {
        this.#last = text;
      },
      () => {},
    );
  }
}

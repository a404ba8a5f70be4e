import { Body, ConflictException, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { RateLimited } from '@redis-functions/nestjs';
import { z } from 'zod';
import { changeNode, NODE_CHANGES } from '../cluster/ask-supervisor.js';
import { LiveService } from '../events/live.service.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { FunctionsService } from './functions.service.js';
import { TrafficSwitch } from './traffic-switch.js';
import { CHANGES } from './view.js';

const release = z.strictObject({ change: z.enum(CHANGES) });
const traffic = z.strictObject({ isRunning: z.boolean() });
const nodeChange = z.strictObject({ to: z.enum(NODE_CHANGES) });

/**
 * What the page of functions can do. Whoever sees the shop may do it: it is a shop for trying out. What is deployed is
 * always our own file.
 */
@Controller('api/functions')
@RateLimited('workshop')
export class FunctionsController {
  constructor(
    @Inject(FunctionsService) private readonly functions: FunctionsService,
    @Inject(TrafficSwitch) private readonly traffic: TrafficSwitch,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  @Get()
  read() {
    return this.functions.read();
  }

  @Post('plan')
  @HttpCode(200)
  async plan(@Body(new ZodPipe(release)) { change }: z.infer<typeof release>) {
    return { plan: await this.functions.plan(change) };
  }

  @Post('deploy')
  @HttpCode(200)
  async deploy(@Body(new ZodPipe(release)) { change }: z.infer<typeof release>) {
    return { deployed: await this.functions.deploy(change) };
  }

  /** For a minute, from all processes. */
  @Post('traffic')
  @HttpCode(200)
  async setTraffic(@Body(new ZodPipe(traffic)) { isRunning }: z.infer<typeof traffic>) {
    await this.traffic.turn(isRunning);
    return { isRunning };
  }

  /** Of the cluster that `npm run start:cluster` has started. */
  @Post('nodes/:address')
  @HttpCode(200)
  async changeNode(
    @Param('address') address: string,
    @Body(new ZodPipe(nodeChange)) { to }: z.infer<typeof nodeChange>,
  ) {
    const refusal = await changeNode(address, to);
    if (refusal !== null) throw new ConflictException({ statusCode: 409, error: 'NODE', message: refusal });
    this.live.tell('functions');
    return { address, to };
  }
}

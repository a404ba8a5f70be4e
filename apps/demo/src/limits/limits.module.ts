import { Module } from '@nestjs/common';
import { LimitsController } from './limits.controller.js';

/** The playground for rate limits. */
@Module({ controllers: [LimitsController] })
export class LimitsModule {}

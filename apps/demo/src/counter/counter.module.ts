import { Module } from '@nestjs/common';
import { CounterController } from './counter.controller.js';

@Module({ controllers: [CounterController] })
export class CounterModule {}

import { Module } from '@nestjs/common';
import { AccountController } from './account.controller.js';
import { Devices } from './devices.js';
import { SessionsController } from './sessions.controller.js';

@Module({ controllers: [AccountController, SessionsController], providers: [Devices] })
export class AccountModule {}

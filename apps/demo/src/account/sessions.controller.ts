import { Controller, Delete, Get, HttpCode, Inject, NotFoundException, Param, Post, UseGuards } from '@nestjs/common';
import { CurrentSession, SessionGuard, SessionUser } from '@redis-functions/nestjs';
import { type RequestSession, SessionService } from '@redis-functions/session';
import { showDevice } from './devices.js';

/** The user's devices. */
@Controller('api/sessions')
@UseGuards(SessionGuard)
export class SessionsController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Get()
  async list(@CurrentSession() session: RequestSession) {
    const devices = await session.devices();
    return { sessions: devices.map((device) => ({ ...showDevice(device), current: device.current })) };
  }

  @Post('revoke-others')
  @HttpCode(200)
  async revokeOthers(@CurrentSession() session: RequestSession) {
    return { revoked: await session.revokeOthers() };
  }

  @Post('revoke-all')
  @HttpCode(200)
  async revokeAll(@SessionUser() user: string) {
    return { revoked: await this.sessions.revokeAll(user) };
  }

  @Delete(':handle')
  @HttpCode(200)
  async revoke(@Param('handle') handle: string, @CurrentSession() session: RequestSession) {
    if (!(await session.revoke(handle))) throw new NotFoundException('You have no session of that handle.');
    return { revoked: handle };
  }
}

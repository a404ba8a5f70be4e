import { Controller, Delete, Get, HttpCode, NotFoundException, Param, UseGuards } from '@nestjs/common';
import { CurrentSession, SessionGuard } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';

/** The user's devices. */
@Controller('api/sessions')
@UseGuards(SessionGuard)
export class SessionsController {
  @Get()
  async list(@CurrentSession() session: RequestSession) {
    return { sessions: await session.devices() };
  }

  @Delete(':handle')
  @HttpCode(200)
  async revoke(@Param('handle') handle: string, @CurrentSession() session: RequestSession) {
    if (!(await session.revoke(handle))) throw new NotFoundException('You have no session of that handle.');
    return { revoked: handle };
  }
}

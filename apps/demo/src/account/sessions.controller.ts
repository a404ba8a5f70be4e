import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Req,
  UnauthorizedException,
} from '@nestjs/common';
import { SessionService } from '@redis-functions/session';
import type { Request } from 'express';

/** The user's devices. */
@Controller('api/sessions')
export class SessionsController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Get()
  async list(@Req() request: Request) {
    const current = await currentUser(request);
    const sessions = await this.sessions.list(current.userId);
    return { sessions: sessions.map((session) => ({ ...session, current: session.handle === current.handle })) };
  }

  @Delete(':handle')
  @HttpCode(200)
  async revoke(@Param('handle') handle: string, @Req() request: Request) {
    const { userId } = await currentUser(request);
    if (!(await this.sessions.revoke(userId, handle))) {
      throw new NotFoundException('You have no session of that handle.');
    }
    return { revoked: handle };
  }
}

async function currentUser(request: Request): Promise<{ userId: string; handle: string }> {
  const session = await request.session.load();
  if (!session || session.userId === null) throw new UnauthorizedException('Log in to see your devices.');
  return { userId: session.userId, handle: session.handle };
}

import { type CanActivate, type ExecutionContext, HttpStatus, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SessionService } from '@redis-functions/session';
import { ContextSessions } from './contexts/context-sessions.js';
import { refusal } from './contexts/refusal.js';
import { FreshMetadata, NoTouchMetadata, PublicMetadata } from './metadata.js';

/**
 * Lets in who is logged in (else 401), and where `@RequireFreshSession` is, who has logged in lately (else 403). One call
 * of Redis per request; none for `@Public()`.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(ContextSessions) private readonly sessions: ContextSessions,
    @Inject(SessionService) private readonly service: SessionService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const freshFor = this.reflector.getAllAndOverride(FreshMetadata, targets);
    if (freshFor === undefined && this.reflector.getAllAndOverride(PublicMetadata, targets)) return true;
    const visitor = await this.sessions.of(context);
    if (this.reflector.getAllAndOverride(NoTouchMetadata, targets)) visitor.noTouch();
    const session = await visitor.load();
    if (!session || session.userId === null) {
      throw await refusal(context, HttpStatus.UNAUTHORIZED, 'NOT_LOGGED_IN', 'Log in first.');
    }
    if (freshFor !== undefined && !this.service.isFresh(session, freshFor)) {
      throw await refusal(context, HttpStatus.FORBIDDEN, 'LOGIN_NOT_FRESH', 'Log in again to do this.');
    }
    return true;
  }
}

/** For `@NoTouch()` where no `SessionGuard` is. */
@Injectable()
export class NoTouchGuard implements CanActivate {
  constructor(@Inject(ContextSessions) private readonly sessions: ContextSessions) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    (await this.sessions.of(context)).noTouch();
    return true;
  }
}

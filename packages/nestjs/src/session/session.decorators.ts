import { applyDecorators, UseGuards } from '@nestjs/common';
import { type Duration, parseDuration } from '@redis-functions/core';
import { FreshMetadata, NoTouchMetadata, PublicMetadata } from './metadata.js';
import { NoTouchGuard, SessionGuard } from './session.guard.js';

type ClassOrMethodDecorator = ClassDecorator & MethodDecorator;

/** Lets everybody in where a `SessionGuard` of the class or the application lets in who is logged in. */
export function Public(): ClassOrMethodDecorator {
  return PublicMetadata(true);
}

/**
 * Lets in who has logged in within that time, such as `'5m'`: for what a thief of an open browser must not do. It brings
 * its guard. Source: ASVS 5.0 7.5.1 (step-up).
 *
 * @throws InvalidArgumentError for what is no time, when the class is defined.
 */
export function RequireFreshSession(freshFor: Duration): ClassOrMethodDecorator {
  parseDuration('freshFor', freshFor);
  return applyDecorators(FreshMetadata(freshFor), UseGuards(SessionGuard)) as ClassOrMethodDecorator;
}

/** For what pages ask by themselves, such as polling: the session does not live longer for it. */
export function NoTouch(): ClassOrMethodDecorator {
  return applyDecorators(NoTouchMetadata(true), UseGuards(NoTouchGuard)) as ClassOrMethodDecorator;
}

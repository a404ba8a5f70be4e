import { Reflector } from '@nestjs/core';
import type { Duration } from '@redis-functions/core';

/** Typed by what they carry; read with `Reflector.getAllAndOverride`, the method's before its class's. */
export const PublicMetadata = Reflector.createDecorator<boolean>();
export const NoTouchMetadata = Reflector.createDecorator<boolean>();
export const FreshMetadata = Reflector.createDecorator<Duration>();

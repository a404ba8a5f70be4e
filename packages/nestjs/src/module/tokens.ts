import { Inject } from '@nestjs/common';

/** Token of the shared `RedisFunctions`. */
export const REDIS_FUNCTIONS = Symbol('RedisFunctions');

/** Injects the shared `RedisFunctions`: `constructor(@InjectRedisFunctions() private readonly functions: RedisFunctions)`. */
export const InjectRedisFunctions = (): ParameterDecorator => Inject(REDIS_FUNCTIONS);

import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { Handle, RedisFunctions } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { z } from 'zod';
import { ZodPipe } from '../http/zod.pipe.js';
import { mylib } from '../libraries/mylib.js';

const KEY = 'demo:counter';

const increment = z.strictObject({ amount: z.int().min(1).optional() }).default({});

/** A counter that lives in a library of our own. */
@Controller('api/counter')
export class CounterController {
  readonly #mylib: Handle<typeof mylib.functions>;

  constructor(@InjectRedisFunctions() functions: RedisFunctions) {
    this.#mylib = functions.use(mylib);
  }

  @Get()
  async read() {
    return { value: await this.#mylib.get(KEY) };
  }

  @Post()
  @HttpCode(200)
  async increment(@Body(new ZodPipe(increment)) { amount }: z.infer<typeof increment>) {
    return { value: await this.#mylib.increment(KEY, amount) };
  }
}

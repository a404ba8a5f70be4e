import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CartService } from '@redis-functions/cart';
import { CurrentSession, RateLimited } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';
import { z } from 'zod';
import { cartIdOf } from '../cart/cart-owner.js';
import { ZodPipe } from '../http/zod.pipe.js';

const credentials = z.strictObject({ user: z.string().trim().min(1).max(64) });

/** Login by name alone: this is a demo, and the name is all it wants to know. */
@Controller('api')
export class AccountController {
  constructor(@Inject(CartService) private readonly carts: CartService) {}

  @Post('login')
  @HttpCode(200)
  @RateLimited('login')
  async login(
    @Body(new ZodPipe(credentials)) { user }: z.infer<typeof credentials>,
    @CurrentSession() visitor: RequestSession,
  ) {
    const guest = await visitor.load();
    const session = await visitor.login(user);
    // what a guest put into the cart goes along; somebody else's cart does not
    if (guest?.userId === null) await this.carts.merge(cartIdOf(guest), cartIdOf(session));
    return { user, handle: session.handle };
  }

  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentSession() session: RequestSession) {
    await session.logout();
    return { user: null };
  }
}

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CartError, CartService } from '@redis-functions/cart';
import { CurrentSession, RateLimited } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';
import { z } from 'zod';
import { cartIdOf } from '../cart/cart-owner.js';
import { LiveService } from '../events/live.service.js';
import { ZodPipe } from '../http/zod.pipe.js';

const credentials = z.strictObject({ user: z.string().trim().min(1).max(64) });

/** Login by name alone: this is a demo, and the name is all it wants to know. */
@Controller('api')
export class AccountController {
  constructor(
    @Inject(CartService) private readonly carts: CartService,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

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
    if (guest?.userId === null) await this.#merge(cartIdOf(guest), cartIdOf(session));
    return { user, handle: session.handle };
  }

  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentSession() session: RequestSession) {
    await session.logout();
    return { user: null };
  }

  async #merge(guest: string, user: string): Promise<void> {
    try {
      await this.carts.merge(guest, user);
    } catch (error) {
      if (!(error instanceof CartError && error.is('IN_CHECKOUT'))) throw error;
      // a payment that a guest has begun cannot go on as somebody else's
      await this.carts.cancel({ checkoutId: error.details.checkoutId });
      await this.carts.merge(guest, user);
    }
    this.live.tell(`cart:${user}`, 'shop');
  }
}

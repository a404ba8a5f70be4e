import { Body, Controller, Delete, HttpCode, Inject, NotFoundException, Param, Post } from '@nestjs/common';
import { CartService, type OperationOptions } from '@redis-functions/cart';
import { CartConditions, CurrentSession } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';
import { z } from 'zod';
import { LiveService } from '../events/live.service.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { nameOf } from '../products/catalog.js';
import { cartOf } from './cart-owner.js';
import type { CheckoutView, OrderView } from './checkout-view.js';

const begin = z.strictObject({ expectedTotal: z.int().min(0) });
const payment = z.strictObject({ orderId: z.string().regex(/^[\w-]{8,64}$/) });

/** From the cart to the order. The payment provider is the page itself: it says whether, and when, there is money. */
@Controller('api/checkout')
export class CheckoutController {
  constructor(
    @Inject(CartService) private readonly carts: CartService,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  @Post()
  async begin(
    @Body(new ZodPipe(begin)) { expectedTotal }: z.infer<typeof begin>,
    @CurrentSession() visitor: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ): Promise<CheckoutView> {
    const cartId = await cartOf(visitor);
    if (cartId === undefined) throw new NotFoundException('There is no cart to pay. Put something into it first.');
    const checkout = await this.carts.beginCheckout(cartId, { ...conditions, expectedTotal });
    this.#tell(cartId);
    const { checkoutId, total, currency, expiresAt } = checkout;
    return { checkoutId, total, currency, expiresAt: expiresAt.getTime() };
  }

  /** What the webhook of a payment provider calls, once or more often: the order id makes it one order. */
  @Post(':id/payment')
  @HttpCode(200)
  async pay(
    @Param('id') checkoutId: string,
    @Body(new ZodPipe(payment)) { orderId }: z.infer<typeof payment>,
    @CurrentSession() visitor: RequestSession,
  ): Promise<OrderView> {
    const cartId = await this.#ownCartOf(checkoutId, visitor);
    const { status, shortfall } = await this.carts.commit({ checkoutId, orderId });
    this.#tell(cartId);
    return { orderId, status, shortfall: shortfall.map((units) => ({ ...units, name: nameOf(units.sku) })) };
  }

  @Delete(':id')
  @HttpCode(200)
  async cancel(@Param('id') checkoutId: string, @CurrentSession() visitor: RequestSession) {
    const cartId = await this.#ownCartOf(checkoutId, visitor);
    const { released, orderId } = await this.carts.cancel({ checkoutId });
    this.#tell(cartId);
    return { released, orderId };
  }

  /** The id of a checkout names its cart: nobody pays, or gives up, somebody else's. */
  async #ownCartOf(checkoutId: string, visitor: RequestSession): Promise<string> {
    const cartId = await cartOf(visitor);
    if (cartId !== undefined && checkoutId.slice(checkoutId.indexOf('.') + 1) === cartId) return cartId;
    throw new NotFoundException('You have no checkout of that id. Begin one from your cart.');
  }

  #tell(cartId: string): void {
    this.live.tell(`cart:${cartId}`, 'shop');
  }
}

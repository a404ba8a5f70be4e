import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CartService, type OperationOptions } from '@redis-functions/cart';
import { CartConditions, CartETag, CurrentSession } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';
import { z } from 'zod';
import { ZodPipe } from '../http/zod.pipe.js';
import { ProductsService } from '../products/products.service.js';
import { cartOf, ownCart } from './cart-owner.js';

const skuOf = z.string().min(1).max(64);
const quantity = z.int().min(1).max(10_000);
const newLine = z.strictObject({ sku: skuOf, quantity });
const removal = z.strictObject({
  quantity: z
    .string()
    .regex(/^[1-9]\d*$/, 'must be a whole number from 1')
    .transform(Number)
    .pipe(quantity)
    .optional(),
});

/** The visitor's cart: a guest's until login, then the user's. */
@Controller('api/cart')
@CartETag()
export class CartController {
  constructor(
    @Inject(CartService) private readonly carts: CartService,
    @Inject(ProductsService) private readonly products: ProductsService,
  ) {}

  @Get()
  async read(@CurrentSession() session: RequestSession) {
    return this.#show(await cartOf(session));
  }

  @Post('lines')
  async add(
    @Body(new ZodPipe(newLine)) line: z.infer<typeof newLine>,
    @CurrentSession() session: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ) {
    await this.products.open();
    const cartId = await ownCart(session);
    await this.carts.add(cartId, line, conditions);
    return this.#show(cartId);
  }

  @Delete('lines/:sku')
  async remove(
    @Param('sku', new ZodPipe(skuOf)) sku: string,
    @Query(new ZodPipe(removal)) { quantity }: z.infer<typeof removal>,
    @CurrentSession() session: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ) {
    const cartId = await cartOf(session);
    if (cartId !== undefined) await this.carts.remove(cartId, { sku }, quantity, conditions);
    return this.#show(cartId);
  }

  @Delete()
  @HttpCode(200)
  async clear(@CurrentSession() session: RequestSession, @CartConditions() conditions: OperationOptions) {
    const cartId = await cartOf(session);
    if (cartId !== undefined) await this.carts.clear(cartId, conditions);
    return this.#show(cartId);
  }

  /** A visitor without a session has an empty cart, and asking for it makes none. */
  async #show(cartId: string | undefined) {
    if (cartId === undefined) return { lines: [], itemCount: 0, total: 0 };
    const { lines, itemCount, total, currency, version } = await this.carts.get(cartId);
    return { lines, itemCount, total, currency, version };
  }
}

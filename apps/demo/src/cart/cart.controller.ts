import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  type OnModuleInit,
  Param,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import { CartService, type LineChange, type OperationOptions } from '@redis-functions/cart';
import { CartConditions, CartETag, CurrentSession } from '@redis-functions/nestjs';
import type { RequestSession, Session } from '@redis-functions/session';
import { z } from 'zod';
import { LiveService } from '../events/live.service.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { ProductsService } from '../products/products.service.js';
import { cartIdOf, cartOf, ownerOf } from './cart-owner.js';
import { showCart } from './show-cart.js';
import type { CartChangeView, CartView } from './view.js';

const skuOf = z.string().min(1).max(64);
const quantity = z.int().min(1).max(10_000);
const newLine = z.strictObject({ sku: skuOf, quantity });
const amount = z.strictObject({ quantity: z.int().min(0).max(10_000) });
const removal = z.strictObject({
  quantity: z
    .string()
    .regex(/^[1-9]\d*$/, 'must be a whole number from 1')
    .transform(Number)
    .pipe(quantity)
    .optional(),
});

/**
 * The visitor's cart: a guest's until login, then the user's. A change is one call, and is answered with what came of it;
 * the cart itself comes with the stream of events.
 */
@Controller('api/cart')
@CartETag()
export class CartController implements OnModuleInit {
  constructor(
    @Inject(CartService) private readonly carts: CartService,
    @Inject(ProductsService) private readonly products: ProductsService,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  onModuleInit(): void {
    this.live.offer('cart', { read: async (id) => showCart(await this.carts.get(id)) });
  }

  @Get()
  async read(@CurrentSession() visitor: RequestSession): Promise<CartView | Partial<CartView>> {
    const cartId = await cartOf(visitor);
    // a visitor without a session has an empty cart, and asking for it makes none
    return cartId === undefined ? { lines: [], itemCount: 0, total: 0 } : showCart(await this.carts.get(cartId));
  }

  @Post('lines')
  async add(
    @Body(new ZodPipe(newLine)) line: z.infer<typeof newLine>,
    @CurrentSession() visitor: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ) {
    await this.products.open();
    const owner = await ownerOf(visitor);
    return this.#changed(owner, await this.carts.add(cartIdOf(owner), line, conditions));
  }

  @Put('lines/:sku')
  async set(
    @Param('sku', new ZodPipe(skuOf)) sku: string,
    @Body(new ZodPipe(amount)) { quantity }: z.infer<typeof amount>,
    @CurrentSession() visitor: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ) {
    await this.products.open();
    const owner = await ownerOf(visitor);
    return this.#changed(owner, await this.carts.setQuantity(cartIdOf(owner), { sku }, quantity, conditions));
  }

  @Delete('lines/:sku')
  async remove(
    @Param('sku', new ZodPipe(skuOf)) sku: string,
    @Query(new ZodPipe(removal)) { quantity }: z.infer<typeof removal>,
    @CurrentSession() visitor: RequestSession,
    @CartConditions() conditions: OperationOptions,
  ) {
    const owner = await visitor.load();
    if (!owner) return { sku, quantity: 0, changed: false };
    return this.#changed(owner, await this.carts.remove(cartIdOf(owner), { sku }, quantity, conditions));
  }

  /** The prices of now are those that the visitor has seen. */
  @Post('prices')
  @HttpCode(200)
  async acceptPrices(@CurrentSession() visitor: RequestSession, @CartConditions() conditions: OperationOptions) {
    const cartId = await cartOf(visitor);
    if (cartId === undefined) return { changed: false };
    const { version, changed } = await this.carts.acceptPrices(cartId, conditions);
    this.live.tell(`cart:${cartId}`);
    return { version, changed };
  }

  @Delete()
  @HttpCode(200)
  async clear(@CurrentSession() visitor: RequestSession, @CartConditions() conditions: OperationOptions) {
    const cartId = await cartOf(visitor);
    if (cartId === undefined) return { changed: false };
    const { version, changed } = await this.carts.clear(cartId, conditions);
    this.live.tell(`cart:${cartId}`, 'shop');
    return { version, changed };
  }

  #changed(owner: Session, { sku, quantity, version, changed, replayed }: LineChange): CartChangeView {
    this.live.tell(`cart:${cartIdOf(owner)}`, 'shop');
    return { handle: owner.handle, sku, quantity, version, changed, replayed };
  }
}

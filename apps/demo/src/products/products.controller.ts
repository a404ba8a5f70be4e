import { Body, Controller, Get, HttpCode, Inject, Param, Patch } from '@nestjs/common';
import { z } from 'zod';
import { ZodPipe } from '../http/zod.pipe.js';
import { SKUS } from './catalog.js';
import { ProductsService } from './products.service.js';

const skuOf = z.enum(SKUS);
const change = z.strictObject({
  price: z.int().min(0).max(1_000_000).optional(),
  stock: z.int().min(0).max(10_000).optional(),
});

@Controller('api/products')
export class ProductsController {
  constructor(@Inject(ProductsService) private readonly products: ProductsService) {}

  @Get()
  async list() {
    return { products: await this.products.list() };
  }

  /** For whoever tries the shop out: in a real one this is behind a login of its own. */
  @Patch(':sku')
  @HttpCode(204)
  async change(
    @Param('sku', new ZodPipe(skuOf)) sku: string,
    @Body(new ZodPipe(change)) changes: z.infer<typeof change>,
  ): Promise<void> {
    await this.products.change(sku, changes);
  }
}

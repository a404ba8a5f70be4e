import { Controller, Get, Inject } from '@nestjs/common';
import { ProductsService } from './products.service.js';

@Controller('api/products')
export class ProductsController {
  constructor(@Inject(ProductsService) private readonly products: ProductsService) {}

  @Get()
  async list() {
    return { products: await this.products.list() };
  }
}

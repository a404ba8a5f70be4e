import { Module } from '@nestjs/common';
import { ProductsModule } from '../products/products.module.js';
import { CartController } from './cart.controller.js';
import { CheckoutController } from './checkout.controller.js';

@Module({ imports: [ProductsModule], controllers: [CartController, CheckoutController] })
export class CartModule {}

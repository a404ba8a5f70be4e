export type { Cart, CartLine, LineQuantity, MergeAdjustment, MergeResult } from './cart.js';
export type { CartErrorCode, CartErrorDetails, CartLimit } from './cart-error.js';
export { CartError } from './cart-error.js';
export { CartService } from './cart-service.js';
export type { StockLevel } from './inventory-service.js';
export { InventoryService } from './inventory-service.js';
export type { MergeStrategy } from './library.js';
export { cartLibrary } from './library.js';
export type { CartServiceOptions } from './options.js';

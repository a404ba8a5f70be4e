export type {
  CancelResult,
  Cart,
  CartLine,
  Checkout,
  CheckoutLine,
  CommitResult,
  LineChange,
  LineOutcome,
  LineProblem,
  LineStock,
  MergeAdjustment,
  MergeResult,
  MergeStrategy,
  Mutation,
} from './cart.js';
export type { CartErrorCode, CartErrorDetails, CartLimit, Units } from './cart-error.js';
export { CartError } from './cart-error.js';
export type { AddManyOptions, AddOptions, CheckoutOptions, CommitOptions, MergeOptions } from './cart-service.js';
export { CartService } from './cart-service.js';
export { conditionsOf, etagOf } from './http/conditions.js';
export type { CartProblem } from './http/problem.js';
export { toCartProblem } from './http/problem.js';
export type { AdjustOptions, AuditResult, StockLevel } from './inventory-service.js';
export { InventoryService } from './inventory-service.js';
export { cartLibrary } from './library.js';
export type { LineInput, LineRef } from './line.js';
export type { LineMetadata } from './metadata.js';
export type { OperationOptions } from './operation.js';
export type { AbandonedOptions, CartServiceOptions } from './options.js';
export type { Layout, StockMode } from './policies.js';
export type { ReapResult } from './reaper.js';

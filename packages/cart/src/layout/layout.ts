import type {
  CancelResult,
  Checkout,
  CommitResult,
  LineChange,
  LineOutcome,
  MergeResult,
  MergeStrategy,
  Mutation,
} from '../cart.js';
import type { StoredCart } from '../cart-reply.js';
import type { Operation } from '../operation.js';

/** Which line. */
export interface LineTarget {
  readonly lineId: string;
  /** Undefined where only the cart knows. */
  readonly sku: string | undefined;
  /** As JSON. */
  readonly metadata: string | undefined;
  readonly mustExist: boolean;
}

export interface NewUnits {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly metadata: string | undefined;
  readonly expectedUnitPrice: number | undefined;
}

export interface AddOptions {
  readonly expectedUnitPrice: number | undefined;
  readonly clamps: boolean;
}

/** Where carts and products are, and in which steps they are changed: one atomic call, or several that a crash may part. */
export interface CartLayout {
  add(cartId: string, target: LineTarget, quantity: number, options: AddOptions, op: Operation): Promise<LineChange>;
  set(cartId: string, target: LineTarget, quantity: number, op: Operation): Promise<LineChange>;
  remove(
    cartId: string,
    target: LineTarget,
    quantity: number | 'all',
    op: Operation,
  ): Promise<LineChange & { readonly removed: number }>;
  addMany(
    cartId: string,
    items: readonly NewUnits[],
    mode: 'atomic' | 'partial',
    op: Operation,
  ): Promise<Mutation & { readonly outcomes: readonly LineOutcome[] }>;
  clear(cartId: string, op: Operation): Promise<Mutation & { readonly lines: number }>;
  acceptPrices(cartId: string, op: Operation): Promise<Mutation>;
  merge(from: string, into: string, strategy: MergeStrategy, op: Operation): Promise<MergeResult>;
  touch(cartId: string): Promise<boolean>;
  read(cartId: string): Promise<StoredCart>;
  count(cartId: string): Promise<number>;
  begin(
    cartId: string,
    checkoutId: string,
    windowMs: number,
    expectedTotal: number | undefined,
    op: Operation,
  ): Promise<Checkout>;
  commit(cartId: string, checkoutId: string, orderId: string, onShortfall: 'report' | 'refuse'): Promise<CommitResult>;
  cancel(cartId: string, checkoutId: string): Promise<CancelResult>;
  /** Finishes checkouts that were paid, and nobody finished. @returns How many. */
  recover(): Promise<number>;
  /** Sweeps holds whose time is over, where a cart knows them. @returns How many. */
  sweep(): Promise<number>;
}

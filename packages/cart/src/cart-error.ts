import { RedisFunctionsError } from '@redis-functions/core';

interface InvalidInput {
  readonly field: string;
  /** Short printable form of what was given. */
  readonly value: string;
  /** What would have been right. */
  readonly expected: string;
}

/** Units of a product. */
export interface Units {
  readonly sku: string;
  readonly quantity: number;
}

/** What each code says. `code` is repeated inside, so that the details alone are a complete answer to an HTTP client. */
export type CartErrorDetails =
  | ({ readonly code: 'INVALID_ARGUMENT' } & InvalidInput)
  | ({ readonly code: 'INVALID_QUANTITY' } & InvalidInput)
  /** The stock does not list this product. */
  | { readonly code: 'UNKNOWN_SKU'; readonly sku: string }
  /** The cart has no such line: its id, or the SKU where it was named by that. */
  | { readonly code: 'LINE_NOT_FOUND'; readonly line: string }
  /** `requested` is what this call asked for, `available` what the cart may hold in all, `inCart` what it holds now. */
  | {
      readonly code: 'OUT_OF_STOCK';
      readonly sku: string;
      readonly requested: number;
      readonly available: number;
      readonly inCart: number;
    }
  /** `requested` is what there would be: units, lines, bytes of metadata, or items in one call. */
  | { readonly code: 'LIMIT_EXCEEDED'; readonly limit: CartLimit; readonly max: number; readonly requested: number }
  /** A product in the cart has no price: nothing can be bought without one. */
  | { readonly code: 'PRICE_MISSING'; readonly sku: string }
  /** The price is not the one that was expected; `actual` is null where there is none. */
  | { readonly code: 'PRICE_CHANGED'; readonly sku: string; readonly expected: number; readonly actual: number | null }
  | { readonly code: 'TOTAL_CHANGED'; readonly expected: number; readonly actual: number }
  | { readonly code: 'CURRENCY_MISMATCH'; readonly cart: string; readonly given: string }
  | { readonly code: 'VERSION_CONFLICT'; readonly expected: number; readonly actual: number }
  /** The operation id was used for another operation. */
  | { readonly code: 'IDEMPOTENCY_MISMATCH'; readonly opId: string }
  /** `until` (ISO 8601) is when the window of that checkout ends. */
  | { readonly code: 'IN_CHECKOUT'; readonly checkoutId: string; readonly until: string }
  | { readonly code: 'EMPTY_CART' }
  /** There is none of this id, or it was cancelled, or another has taken its place. */
  | { readonly code: 'CHECKOUT_NOT_FOUND'; readonly checkoutId: string }
  /** The window was over, and others have bought what was held. */
  | { readonly code: 'HOLD_EXPIRED'; readonly checkoutId: string; readonly shortfall: readonly Units[] }
  /** This order id belongs to another checkout, or this checkout to another order (`committedAs`). */
  | { readonly code: 'ORDER_CONFLICT'; readonly orderId: string; readonly committedAs: string | null }
  /** Its units are not counted. */
  | { readonly code: 'NOT_TRACKED'; readonly sku: string }
  /** A sum is above 2^53-1. */
  | { readonly code: 'AMOUNT_OVERFLOW' }
  /** A key holds something that is not a cart, a stock or a price list. */
  | { readonly code: 'CORRUPT_DATA'; readonly key: string };

export type CartErrorCode = CartErrorDetails['code'];
export type CartLimit = 'perLine' | 'perSku' | 'perCart' | 'heldUnits' | 'lines' | 'metadataBytes' | 'batch';

type DetailsOf<C extends CartErrorCode> = Extract<CartErrorDetails, { readonly code: C }>;

interface Kind<C extends CartErrorCode> {
  readonly httpStatus: number;
  readonly retryable?: true;
  /** Ends with what to do. */
  explain(details: DetailsOf<C>): string;
}

const LIMITS: Readonly<Record<CartLimit, string>> = {
  perLine: 'The line would hold %d units.',
  perSku: 'The cart would hold %d units of one product.',
  perCart: 'The cart would hold %d units.',
  heldUnits: 'The cart would hold back %d units from others.',
  lines: 'The cart would hold %d lines.',
  metadataBytes: 'The metadata of the line has %d bytes.',
  batch: 'One call has %d items.',
};

const KINDS: { readonly [C in CartErrorCode]: Kind<C> } = {
  INVALID_ARGUMENT: { httpStatus: 400, explain: explainInput },
  INVALID_QUANTITY: { httpStatus: 400, explain: explainInput },
  UNKNOWN_SKU: {
    httpStatus: 404,
    explain: ({ sku }) =>
      `The stock has no product ${quote(sku)}. Give it a level with InventoryService.setStock first.`,
  },
  LINE_NOT_FOUND: {
    httpStatus: 404,
    explain: ({ line }) => `The cart has no line ${quote(line)}. Read the cart again.`,
  },
  OUT_OF_STOCK: {
    httpStatus: 409,
    explain: ({ sku, requested, available, inCart }) =>
      `${requested} of ${quote(sku)} asked for, ${inCart} in the cart, ${available} in stock. ` +
      `The cart can hold ${available} at most.`,
  },
  LIMIT_EXCEEDED: {
    httpStatus: 422,
    explain: ({ limit, max, requested }) =>
      `${LIMITS[limit].replace('%d', String(requested))} Stay within ${max}, or raise limits.${limit}.`,
  },
  PRICE_MISSING: {
    httpStatus: 409,
    explain: ({ sku }) => `${quote(sku)} has no price. Remove it from the cart, or give it one.`,
  },
  PRICE_CHANGED: {
    httpStatus: 409,
    explain: ({ sku, expected, actual }) =>
      `The price of ${quote(sku)} is ${actual ?? 'gone'}, not ${expected}. Show it, and ask again.`,
  },
  TOTAL_CHANGED: {
    httpStatus: 409,
    explain: ({ expected, actual }) => `The total is ${actual}, not ${expected}. Show it, and ask again.`,
  },
  CURRENCY_MISMATCH: {
    httpStatus: 422,
    explain: ({ cart, given }) =>
      `The cart is in ${cart}, not in ${given}. Clear it, or bring it to ${given} with acceptPrices.`,
  },
  VERSION_CONFLICT: {
    httpStatus: 412,
    explain: ({ expected, actual }) =>
      `The cart has version ${actual}, not ${expected}. Read it again and repeat the change.`,
  },
  IDEMPOTENCY_MISMATCH: {
    httpStatus: 422,
    explain: ({ opId }) => `The operation id ${quote(opId)} was used for another operation. Use a new one for each.`,
  },
  IN_CHECKOUT: {
    httpStatus: 409,
    retryable: true,
    explain: ({ checkoutId, until }) =>
      `The cart is in checkout ${quote(checkoutId)} until ${until}. Commit or cancel that one first.`,
  },
  EMPTY_CART: { httpStatus: 422, explain: () => 'The cart is empty. Put something into it first.' },
  CHECKOUT_NOT_FOUND: {
    httpStatus: 404,
    explain: ({ checkoutId }) =>
      `There is no checkout ${quote(checkoutId)}: it was cancelled, or another took its place. ` +
      'Give a payment for it back.',
  },
  HOLD_EXPIRED: {
    httpStatus: 410,
    explain: ({ shortfall }) =>
      `The time to pay was over, and others have bought ${shortfall.map(({ sku }) => quote(sku)).join(', ')}. ` +
      'Give the payment back, and begin a new checkout.',
  },
  ORDER_CONFLICT: {
    httpStatus: 409,
    explain: ({ orderId, committedAs }) =>
      committedAs === null
        ? `The order ${quote(orderId)} belongs to another checkout. Give each order an id of its own.`
        : `The checkout is committed as order ${quote(committedAs)}, not as ${quote(orderId)}. Use that one.`,
  },
  NOT_TRACKED: {
    httpStatus: 409,
    explain: ({ sku }) => `The units of ${quote(sku)} are not counted. Give it a level with setStock first.`,
  },
  AMOUNT_OVERFLOW: {
    httpStatus: 422,
    explain: () => 'A sum is above 2^53-1. Lower a quantity or a price.',
  },
  CORRUPT_DATA: {
    httpStatus: 500,
    explain: ({ key }) => `The key ${key} holds something else than it should; see the cause. Repair or delete it.`,
  },
};

/**
 * A cart or stock operation that was refused; nothing has been changed. Faults on the way to the server are not among
 * these: they stay the errors of the core package (UnavailableError and others).
 */
export class CartError extends RedisFunctionsError {
  override readonly name = 'CartError';
  declare readonly code: CartErrorCode;
  /** The facts behind the message. `is()` and `details.code` narrow them. */
  readonly details: CartErrorDetails;
  /** The status that says the same to an HTTP client: 400, 404, 409, 410, 412, 422 or 500. */
  readonly httpStatus: number;
  /** The same call may succeed a while later, unchanged. */
  readonly retryable: boolean;

  constructor(details: CartErrorDetails, options?: ErrorOptions) {
    const kind = KINDS[details.code] as Kind<CartErrorCode>;
    super(details.code, kind.explain(details), options);
    this.details = details;
    this.httpStatus = kind.httpStatus;
    this.retryable = kind.retryable ?? false;
  }

  /** `if (error instanceof CartError && error.is('OUT_OF_STOCK')) error.details.available` */
  is<C extends CartErrorCode>(code: C): this is CartError & { readonly code: C; readonly details: DetailsOf<C> } {
    return this.code === code;
  }
}

function explainInput({ field, value, expected }: InvalidInput): string {
  return `${field} is ${value}. Give ${expected}.`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

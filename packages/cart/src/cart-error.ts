import { RedisFunctionsError } from '@redis-functions/core';

interface InvalidInput {
  readonly field: string;
  /** Short printable form of what was given. */
  readonly value: string;
  /** What would have been right. */
  readonly expected: string;
}

/** What each code says. `code` is repeated inside, so that the details alone are a complete answer to an HTTP client. */
export type CartErrorDetails =
  | ({ readonly code: 'INVALID_ARGUMENT' } & InvalidInput)
  | ({ readonly code: 'INVALID_QUANTITY' } & InvalidInput)
  /** The stock does not list this product. */
  | { readonly code: 'UNKNOWN_SKU'; readonly sku: string }
  /** `requested` is what this call asked for, `available` what one cart may hold in all, `inCart` what it holds now. */
  | {
      readonly code: 'OUT_OF_STOCK';
      readonly sku: string;
      readonly requested: number;
      readonly available: number;
      readonly inCart: number;
    }
  /** `requested` is what the cart would hold: units of the line, or lines. */
  | { readonly code: 'LIMIT_EXCEEDED'; readonly limit: CartLimit; readonly max: number; readonly requested: number }
  /** A subtotal or the total is above 2^53-1. */
  | { readonly code: 'AMOUNT_OVERFLOW' }
  /** A key holds something that is not a cart, a stock or a price list. */
  | { readonly code: 'CORRUPT_DATA'; readonly key: string };

export type CartErrorCode = CartErrorDetails['code'];
export type CartLimit = 'perLine' | 'lines';

type DetailsOf<C extends CartErrorCode> = Extract<CartErrorDetails, { readonly code: C }>;

interface Kind<C extends CartErrorCode> {
  readonly httpStatus: number;
  /** Ends with what to do. */
  explain(details: DetailsOf<C>): string;
}

const KINDS: { readonly [C in CartErrorCode]: Kind<C> } = {
  INVALID_ARGUMENT: { httpStatus: 400, explain: explainInput },
  INVALID_QUANTITY: { httpStatus: 400, explain: explainInput },
  UNKNOWN_SKU: {
    httpStatus: 404,
    explain: ({ sku }) =>
      `The stock has no product ${quote(sku)}. Give it a level with InventoryService.setStock first.`,
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
      `The cart would hold ${requested} ${limit === 'lines' ? 'lines' : 'units in one line'}. ` +
      `Stay within ${max}, or raise limits.${limit}.`,
  },
  AMOUNT_OVERFLOW: {
    httpStatus: 422,
    explain: () => 'The total of the cart is above 2^53-1 minor units. Lower a quantity or a price.',
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
  /** The status that says the same to an HTTP client: 400, 404, 409, 422 or 500. */
  readonly httpStatus: number;
  /** The same call may succeed when it is repeated at once. None of the present codes promises that. */
  readonly retryable: boolean = false;

  constructor(details: CartErrorDetails, options?: ErrorOptions) {
    const kind = KINDS[details.code] as Kind<CartErrorCode>;
    super(details.code, kind.explain(details), options);
    this.details = details;
    this.httpStatus = kind.httpStatus;
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

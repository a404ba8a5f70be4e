export type StockMode = 'none' | 'check' | 'reserve-on-checkout' | 'reserve-on-add';
export type Layout = 'shop-slot' | 'split';

/** What the functions are told to keep to: the POLICY of lua/cart.lua, one text per kind of call. */
export interface Policies {
  /** Of what changes lines. */
  readonly change: string;
  /** Of the beginning of a checkout. */
  readonly checkout: string;
  /** Of its end: whether what is left of a hold stays with the cart. */
  readonly settle: string;
  /** Of a product in a slot of its own. */
  readonly product: string;
}

export interface PolicyValues {
  readonly idleMs: number;
  readonly lines: number;
  readonly perLine: number;
  readonly perSku: number;
  readonly perCart: number;
  readonly heldUnits: number;
  readonly onUnknownSku: 'reject' | 'untracked';
  readonly holdMs: number;
  readonly holdMostMs: number;
  readonly currency: string;
  readonly abandonedAfterMs: number;
  readonly rememberMs: number;
  readonly keepMs: number;
}

type Looks = 'none' | 'check' | 'reserve';

const MODES: Readonly<Record<StockMode, { change: Looks; checkout: Looks; settle: Looks }>> = {
  none: { change: 'none', checkout: 'none', settle: 'none' },
  check: { change: 'check', checkout: 'check', settle: 'check' },
  'reserve-on-checkout': { change: 'check', checkout: 'reserve', settle: 'check' },
  'reserve-on-add': { change: 'reserve', checkout: 'reserve', settle: 'reserve' },
};

export function toPolicies(values: PolicyValues, mode: StockMode, layout: Layout): Policies {
  const { change, checkout, settle } = MODES[mode];
  const product = toPolicy(values, settle);
  if (layout === 'shop-slot') {
    return { change: toPolicy(values, change), checkout: toPolicy(values, checkout), settle: product, product };
  }
  // the slot of a cart has no stock; what it may hold, it may have
  const perCart = mode === 'reserve-on-add' ? Math.min(values.perCart, values.heldUnits) : values.perCart;
  const ofCart = toPolicy({ ...values, perCart }, 'none');
  return { change: ofCart, checkout: ofCart, settle: ofCart, product };
}

function toPolicy(values: PolicyValues, stock: Looks): string {
  const parts = {
    ttl: values.idleMs,
    lines: values.lines,
    per_line: values.perLine,
    per_sku: values.perSku,
    per_cart: values.perCart,
    held_units: values.heldUnits,
    stock,
    unknown: values.onUnknownSku === 'reject' ? 'refuse' : 'untracked',
    hold: values.holdMs,
    hold_most: values.holdMostMs,
    currency: values.currency,
    abandon: values.abandonedAfterMs,
    op_ttl: values.rememberMs,
    keep: values.keepMs,
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

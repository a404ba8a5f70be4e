/** What the shop sells. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  /** In minor units of `CURRENCY`. */
  readonly price: number;
  /** Units in stock when the shop opens for the first time. */
  readonly openingStock: number;
}

export const CURRENCY = 'EUR';

export const PRODUCTS: readonly Product[] = [
  { sku: 'mug', name: 'Enamel mug', price: 1250, openingStock: 40 },
  { sku: 'notebook', name: 'Dotted notebook', price: 890, openingStock: 100 },
  { sku: 'lamp', name: 'Desk lamp', price: 5900, openingStock: 7 },
  { sku: 'plant', name: 'Potted fern', price: 2400, openingStock: 12 },
  { sku: 'teapot', name: 'Iron teapot', price: 4200, openingStock: 5 },
  { sku: 'poster', name: 'Signed poster', price: 3500, openingStock: 1 },
];

export const SKUS: readonly string[] = PRODUCTS.map(({ sku }) => sku);

const NAMES = new Map(PRODUCTS.map(({ sku, name }) => [sku, name]));

export function nameOf(sku: string): string {
  return NAMES.get(sku) ?? sku;
}

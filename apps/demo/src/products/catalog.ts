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
  { sku: 'poster', name: 'Signed poster', price: 3500, openingStock: 1 },
];

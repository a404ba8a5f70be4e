const formats = new Map<string, Intl.NumberFormat>();

/** @param minor Whole minor units; null where there is no price. */
export function money(minor: number | null, currency: string): string {
  if (minor === null) return 'no price';
  let format = formats.get(currency);
  if (!format) {
    format = new Intl.NumberFormat('en', { style: 'currency', currency });
    formats.set(currency, format);
  }
  return format.format(minor / 100);
}

import { type StoredCart, type StoredLine, toAvailable, toStoredCart } from './cart-reply.js';
import { named } from './faults.js';
import type { CartLibrary, Reply } from './library.js';
import { toInteger, toText } from './replies.js';
import { slices } from './slices.js';

/**
 * A cart, from the short answer of `cart_read` where that says all, else from `cart_get`: what is wrong with a cart is found
 * and named in one place, the library.
 *
 * @param keys The cart, then those that `cart_get` may be given.
 */
export async function readCart(library: CartLibrary, keys: readonly string[]): Promise<StoredCart> {
  const reply = await named(library.read({ keys }));
  await slices.take(toInteger(reply[5]));
  const short = fromShort(reply, keys.length > 1, keys.length > 2);
  return short ?? toStoredCart(await named(library.get({ keys })));
}

const HEAD = /^(\d+) (\d+) (\d+) [01] ?(.*)$/s;

/** One that is not finished. */
type Draft = { -readonly [Field in keyof StoredLine]: StoredLine[Field] };

/** Undefined where anything is not as this package writes it. Written for as few objects as can be. */
function fromShort(reply: Reply, hasPrices: boolean, hasStock: boolean): StoredCart | undefined {
  const [, lifeMs, readAt, head, checkout, count, ids, values, prices, named, stock] = reply;
  const lines = toLines(toInteger(count), toText(ids), toText(values));
  if (!lines) return undefined;
  const total = hasPrices ? addPrices(lines, toText(prices)) : lines.length > 0 ? null : 0;
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  if (total === undefined || !Number.isSafeInteger(units)) return undefined;
  if (named !== '') addNames(lines, JSON.parse(toText(named)));
  if (hasStock) addStock(lines, toText(stock).split('\n'));
  inOrder(lines);
  const about = toHead(toText(head), toText(checkout));
  return about && { ...about, total, units, lifeMs: toInteger(lifeMs), readAt: toInteger(readAt), lines };
}

function toHead(text: string, checkout: string) {
  const head = text === '' ? ['', '0'] : HEAD.exec(text);
  if (!head || Number(head[1]) >= Number.MAX_SAFE_INTEGER) return undefined;
  const end = checkout.lastIndexOf(':');
  return {
    version: Number(head[1]),
    currency: head[4] || null,
    checkoutId: checkout.slice(0, Math.max(0, end)),
    checkoutUntil: Number(checkout.slice(end + 1)),
  };
}

function toLines(count: number, ids: string, values: string): Draft[] | undefined {
  const names = count === 0 ? [] : ids.split('\n');
  const numbers = toNumbers(values);
  if (names.length !== count || numbers?.length !== 3 * count) return undefined;
  const lines: Draft[] = [];
  for (let index = 0; index < count; index++) {
    const lineId = names[index] as string;
    const quantity = numbers[3 * index];
    const addedAtUs = numbers[3 * index + 1];
    const unitPriceAtAdd = numbers[3 * index + 2] as number | null;
    if (!quantity || addedAtUs === null || addedAtUs === undefined) return undefined;
    lines.push({
      lineId,
      sku: lineId,
      quantity,
      unitPrice: null,
      subtotal: null,
      unitPriceAtAdd,
      addedAtUs,
      metadata: '',
      available: null,
      held: 0,
      heldUntil: null,
    });
  }
  return lines;
}

const [COMMA, ZERO, NINE] = [44, 48, 57];

/**
 * Whole numbers and nulls, with commas between; undefined where there is anything else. Up to 16 digits: sums of numbers
 * above 2^53-1 are found out. By hand, because checking and parsing take a third of the time of reading a large cart otherwise.
 */
function toNumbers(text: string): (number | null)[] | undefined {
  const numbers: (number | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const start = at;
    let number = 0;
    let digit = text.charCodeAt(at);
    while (digit >= ZERO && digit <= NINE) {
      number = number * 10 + digit - ZERO;
      digit = text.charCodeAt(++at);
    }
    const length = at - start;
    if (length === 0 && text.startsWith('null', at)) {
      numbers.push(null);
      at += 4;
    } else if (length === 0 || length > 16 || (length > 1 && text.charCodeAt(start) === ZERO)) return undefined;
    else numbers.push(number);
    // a comma is followed by another one
    if (at < text.length && (text.charCodeAt(at) !== COMMA || at === text.length - 1)) return undefined;
  }
  return numbers;
}

/** @returns The total, null where a line has no price, undefined where a price is none or the total too large. */
function addPrices(lines: readonly Draft[], text: string): number | null | undefined {
  const prices = toNumbers(text);
  if (prices?.length !== lines.length) return undefined;
  let [total, isComplete] = [0, true];
  for (let index = 0; index < lines.length; index++) {
    const price = prices[index] as number | null;
    if (price === null) {
      isComplete = false;
      continue;
    }
    const line = lines[index] as Draft;
    line.unitPrice = price;
    line.subtotal = price * line.quantity;
    total += line.subtotal;
  }
  if (!Number.isSafeInteger(total)) return undefined;
  return isComplete ? total : null;
}

function addStock(lines: readonly Draft[], stock: readonly string[]): void {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as Draft;
    line.available = toAvailable(stock[3 * index]);
    line.held = Number(stock[3 * index + 1]);
    const until = stock[3 * index + 2];
    line.heldUntil = until === '' ? null : new Date(Number(until));
  }
}

/** @param named By field, of lines that are not called by their product. */
function addNames(lines: readonly Draft[], named: Readonly<Record<string, string>>): void {
  for (const line of lines) {
    line.sku = named[`s:${line.lineId}`] ?? line.lineId;
    line.metadata = named[`m:${line.lineId}`] ?? '';
  }
}

/** A hash has no order of its own, though a small one comes in that of adding. */
function inOrder(lines: Draft[]): void {
  for (let index = 1; index < lines.length; index++) {
    if (compare(lines[index - 1] as Draft, lines[index] as Draft) > 0) {
      lines.sort(compare);
      return;
    }
  }
}

function compare(left: Draft, right: Draft): number {
  return left.addedAtUs - right.addedAtUs || (left.lineId < right.lineId ? -1 : 1);
}

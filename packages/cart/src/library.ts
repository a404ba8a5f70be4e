import { type Argument, defineFunction, defineLibrary, type Handle, toArray } from '@redis-functions/core';
import { code, type FunctionName, registered } from './generated/cart.lua.js';

/** Keys and arguments, as lua/cart.lua names them. */
export interface Call {
  readonly keys: readonly string[];
  readonly args?: readonly Argument[];
}

/** Flat, and begins with a code. What follows it is read where the code is known: replies.ts. */
export type Reply = readonly unknown[];

const change = (name: FunctionName) => defineFunction(name, { encode: (call: Call) => call, decode: toArray });
const read = (name: FunctionName) =>
  defineFunction(name, { encode: (call: Call) => call, decode: toArray, readOnly: true });

/** The library `cart`: carts, checkouts, stock, holds and prices. Contract of each function: lua/cart.lua. */
export const cartLibrary = defineLibrary({
  code,
  registered,
  functions: {
    add: change('cart_add'),
    set: change('cart_set'),
    addMany: change('cart_add_many'),
    addEach: change('cart_add_each'),
    remove: change('cart_remove'),
    clear: change('cart_clear'),
    accept: change('cart_accept'),
    merge: change('cart_merge'),
    touch: change('cart_touch'),
    get: read('cart_get'),
    read: read('cart_read'),
    count: read('cart_count'),
    checkout: change('cart_checkout'),
    commit: change('cart_commit'),
    cancel: change('cart_cancel'),
    opened: change('cart_opened'),
    paid: change('cart_paid'),
    journal: read('cart_journal'),
    take: change('cart_take'),
    parcel: read('cart_parcel'),
    delivered: change('cart_delivered'),
    offer: read('cart_offer'),
    hold: change('cart_hold'),
    letGo: change('cart_let_go'),
    pin: change('cart_pin'),
    unpin: change('cart_unpin'),
    sell: change('cart_sell'),
    setStock: change('cart_stock_set'),
    dropStock: change('cart_stock_drop'),
    adjustStock: change('cart_stock_adjust'),
    getStock: read('cart_stock_get'),
    setBackorder: change('cart_backorder'),
    setPrices: change('cart_price_set'),
    getPrices: read('cart_price_get'),
    sweep: change('cart_sweep'),
    audit: change('cart_audit'),
    due: read('cart_due'),
    note: change('cart_note'),
    forget: change('cart_forget'),
    abandon: change('cart_abandon'),
    tell: change('cart_tell'),
  },
});

export type CartLibrary = Handle<(typeof cartLibrary)['functions']>;

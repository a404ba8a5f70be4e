import { batch, effect, type Signal } from '@preact/signals';
import type { StatusView, Told } from '../../src/events/view.js';
import { sayNotice } from '../shell/notices.js';
import { route, topicsOf } from '../shell/route.js';
import { cart, clockOffset, devices, functions, limits, link, products, redis, visitor } from './state.js';

/** A stream that is silent for longer than two beats is dead, whatever the connection says. */
const SILENT_MS = 12_000;
const REOPEN_MS = 1_000;

/** What an event is written to, by its name. */
// biome-ignore lint/suspicious/noExplicitAny: each signal has the type that its event carries
const WRITES: Readonly<Record<string, Signal<any>>> = {
  me: visitor,
  shop: products,
  cart,
  devices,
  limits,
  functions,
};

/** Pages of one browser share a session: when one of them has another, so have all. */
const siblings = 'BroadcastChannel' in window ? new BroadcastChannel('shop') : undefined;
let stream: EventSource | undefined;
let watched = '';
let silence: number | undefined;

/** Opens the stream, for what the page in view watches, and keeps it open. */
export function openLive(): void {
  effect(() => {
    watched = topicsOf(route.value);
    open();
  });
  siblings?.addEventListener('message', open);
  addEventListener('online', open);
  addEventListener('offline', lose);
}

/** The session of this browser has changed: another cart, other devices. */
export function identityChanged(): void {
  open();
  siblings?.postMessage('identity');
}

/** Whoever was logged in here is not any more, and did not ask for it. */
export function sessionEnded(): void {
  sayNotice('Your session has ended, by itself or from another device: this is the shop of a guest.', 'warning');
  identityChanged();
}

function open(): void {
  stream?.close();
  const next = new EventSource(`/api/events?watch=${watched}`);
  stream = next;
  stayAwake();
  for (const [name, target] of Object.entries(WRITES)) {
    hear(next, name, (data) => {
      target.value = data;
    });
  }
  hear(next, 'status', (status) => {
    redis.value = (status as StatusView).redis;
  });
  hear(next, 'beat', () => {});
  hear(next, 'signed-out', () => {
    sessionEnded();
  });
  next.addEventListener('error', () => {
    if (next !== stream) return;
    lose();
    // it comes again by itself, unless the server has refused it
    if (next.readyState === EventSource.CLOSED) setTimeout(() => next === stream && open(), REOPEN_MS);
  });
}

function hear(source: EventSource, name: string, then: (data: unknown) => void): void {
  source.addEventListener(name, ({ data: text }: MessageEvent<string>) => {
    if (source !== stream) return;
    const { now, data } = JSON.parse(text) as Told<unknown>;
    stayAwake();
    batch(() => {
      link.value = 'open';
      clockOffset.value = now - Date.now();
      if (name === 'me') forgetWhoWasHere();
      then(data);
    });
  });
}

function forgetWhoWasHere(): void {
  cart.value = undefined;
  devices.value = undefined;
}

function lose(): void {
  link.value = 'lost';
}

function stayAwake(): void {
  clearTimeout(silence);
  silence = setTimeout(() => {
    lose();
    open();
  }, SILENT_MS);
}

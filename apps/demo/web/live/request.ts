import { signal } from '@preact/signals';
import { sayNotice } from '../shell/notices.js';

/** The server has said no, and why. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whole seconds; 0 where it says nothing about when. */
  readonly retryAfter: number;

  constructor(status: number, details: Readonly<Record<string, unknown>>, retryAfter: number) {
    super(typeof details['message'] === 'string' ? details['message'] : `The shop answered with ${status}.`);
    this.status = status;
    this.code = String(details['error'] ?? '');
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** Requests that wait for the shop to be reached again. */
export const waiting = signal(0);
/** Requests that take longer than one is used to. */
export const slow = signal(0);

const SLOW_MS = 1_000;
const GIVE_UP_MS = 120_000;
const TRY_AGAIN_MS = 1_000;
const LONGEST_ANSWER_MS = 10_000;

/**
 * Asks the shop for a change, until there is an answer: a request that was lost, or that came while Redis was away, is
 * repeated under the same key, so that it is done once.
 *
 * @throws Refusal.
 */
export async function send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomId() };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const until = Date.now() + GIVE_UP_MS;
  const stopSlow = countSlow();
  let isWaiting = false;
  try {
    for (;;) {
      const response = await fetch(path, { ...init, signal: AbortSignal.timeout(LONGEST_ANSWER_MS) }).catch(() => null);
      if (response && response.status !== 503) return await answerOf<T>(response);
      if (Date.now() > until) {
        throw new Refusal(503, { message: 'The shop could not be reached for two minutes. Nothing was changed.' }, 0);
      }
      if (!isWaiting) waiting.value += 1;
      isWaiting = true;
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  } finally {
    if (isWaiting) waiting.value -= 1;
    stopSlow();
  }
}

/** Says a refusal on the page. Anything else is a mistake of ours, and goes on as one. */
export function showRefusal(error: unknown, explain: (refusal: Refusal) => string = ({ message }) => message): void {
  if (!(error instanceof Refusal)) throw error;
  const again = error.status === 429 ? ` Again in ${error.retryAfter} seconds.` : '';
  sayNotice(explain(error) + again, 'refused');
}

/** `crypto.randomUUID` is for HTTPS only, and a phone in the same network comes by plain HTTP. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function answerOf<T>(response: Response): Promise<T> {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body as T;
  throw new Refusal(response.status, body, Number(response.headers.get('retry-after') ?? 0));
}

function countSlow(): () => void {
  let counted = false;
  const timer = setTimeout(() => {
    counted = true;
    slow.value += 1;
  }, SLOW_MS);
  return () => {
    clearTimeout(timer);
    if (counted) slow.value -= 1;
  };
}

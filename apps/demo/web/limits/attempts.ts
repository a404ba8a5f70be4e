import { signal } from '@preact/signals';
import type { AnswerView } from '../../src/limits/view.js';
import { serverNow } from '../live/state.js';
import { note } from './history.js';

export type Role = 'off' | 'shadow' | 'enforced';

/** What each policy does with the requests, by its name. */
export const roles = signal<Readonly<Record<string, Role>>>({ bucket: 'enforced', log: 'shadow' });

export interface Answer extends AnswerView {
  readonly status: number;
  /** Fields of the response that tell of limits. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** When a request like it can pass, by the server's clock. */
  readonly passesAt: number;
}

const FIELDS = ['RateLimit-Policy', 'RateLimit', 'Retry-After'];
const LONGEST_ANSWER_MS = 10_000;

const NONE = { sent: 0, passed: 0, refused: 0, wouldRefuse: 0, unanswered: 0 };
export const counts = signal(NONE);
export const last = signal<Answer | undefined>(undefined);
export const lastRefusal = signal<Answer | undefined>(undefined);

export function forget(): void {
  counts.value = NONE;
  last.value = undefined;
  lastRefusal.value = undefined;
}

export function isChosen(name: string): boolean {
  return (roles.value[name] ?? 'off') !== 'off';
}

/** Sends that many requests at once. One that gets no answer is not repeated: it is counted. */
export function fire(count: number): void {
  const enforced = namesOf('enforced');
  const shadow = namesOf('shadow');
  if (enforced.length + shadow.length === 0) return;
  for (let i = 0; i < count; i++) void attempt(JSON.stringify({ enforced, shadow }));
}

function namesOf(role: Role): string[] {
  return Object.keys(roles.value).filter((name) => roles.value[name] === role);
}

async function attempt(body: string): Promise<void> {
  add({ sent: 1 });
  try {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(LONGEST_ANSWER_MS);
    const response = await fetch('/api/limits/requests', { method: 'POST', headers, body, signal });
    if (response.status !== 200 && response.status !== 429) throw new Error(`${response.status}`);
    hear(response, (await response.json()) as AnswerView);
  } catch {
    note('unanswered');
    add({ unanswered: 1 });
  }
}

function hear({ status, headers }: Response, answer: AnswerView): void {
  const { allowed, retryAfterMs, wouldRefuse } = answer;
  const fields = FIELDS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  last.value = { ...answer, status, fields, passesAt: serverNow() + retryAfterMs };
  if (!allowed) lastRefusal.value = last.value;
  note(allowed ? 'passed' : 'refused');
  add({ [allowed ? 'passed' : 'refused']: 1, wouldRefuse: wouldRefuse.length > 0 ? 1 : 0 });
}

function add(more: Partial<typeof NONE>): void {
  const sum = { ...counts.value };
  for (const name of Object.keys(NONE) as (keyof typeof NONE)[]) sum[name] += more[name] ?? 0;
  counts.value = sum;
}

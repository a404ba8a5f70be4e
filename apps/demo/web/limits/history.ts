import type { LimitsView, PolicyView } from '../../src/limits/view.js';
import { limits, serverNow } from '../live/state.js';
import { type Forecast, forecastOf } from './forecast.js';

/** How far back the plot looks. */
export const SPAN_MS = 30_000;
export const STEP_MS = 100;

/** What is left of each policy at a moment, by its name: as worked out, or as the server said then. */
export interface Moment {
  readonly at: number;
  readonly left: Readonly<Record<string, number>>;
  readonly said: Readonly<Record<string, number>> | undefined;
}

export type Outcome = 'passed' | 'refused' | 'unanswered';

const forecasts = new Map<string, Forecast>();
let moments: Moment[] = [];
let outcomes: { readonly at: number; readonly outcome: Outcome }[] = [];

/** The last half minute, the oldest first. */
export const recorded = () => ({ moments, outcomes });

/** While the page is open: what the server says, and ten times per second what is worked out. @returns Ends it. */
export function record(): () => void {
  const stop = limits.subscribe((view) => view && hear(view));
  const timer = setInterval(() => limits.value && keep(limits.value.policies, undefined), STEP_MS);
  return () => {
    stop();
    clearInterval(timer);
    moments = [];
    outcomes = [];
    forecasts.clear();
  };
}

export function note(outcome: Outcome): void {
  outcomes = [...outcomes, { at: serverNow(), outcome }];
}

/** Units that are left now, with fractions. */
export function leftOf({ name, limit }: PolicyView, at = serverNow()): number {
  return Math.max(0, limit - (forecasts.get(name)?.usedAt(at) ?? 0));
}

function hear({ policies }: LimitsView): void {
  const now = serverNow();
  for (const policy of policies) {
    const forecast = forecasts.get(policy.name) ?? forecastOf(policy.algorithm);
    forecasts.set(policy.name, forecast);
    forecast.hear(policy, now);
  }
  keep(policies, Object.fromEntries(policies.map(({ name, remaining }) => [name, remaining])));
}

function keep(policies: readonly PolicyView[], said: Moment['said']): void {
  const at = serverNow();
  const left = Object.fromEntries(policies.map((policy) => [policy.name, leftOf(policy, at)]));
  const isRecent = (each: { readonly at: number }) => each.at > at - SPAN_MS - 1_000;
  moments = [...moments.filter(isRecent), { at, left, said }];
  outcomes = outcomes.filter(isRecent);
}

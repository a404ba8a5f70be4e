import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PolicyView } from '../../src/limits/view.js';
import { limits } from '../live/state.js';
import { type Role, roles } from './attempts.js';
import { leftOf } from './history.js';
import { describe, leftText } from './summary.js';

const ROLES: readonly (readonly [Role, string])[] = [
  ['off', 'off'],
  ['shadow', 'shadow'],
  ['enforced', 'on'],
];
const REFRESH_MS = 250;

/** Which policies count a request, and which of them may refuse it; the key of the plot. */
export function PoliciesTable() {
  const ticks = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => (ticks.value += 1), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  // what is left changes with the time alone
  void ticks.value;
  return (
    <ul class="policies" aria-label="Policies">
      {limits.value?.policies.map((policy) => (
        <PolicyRow key={policy.name} policy={policy} />
      ))}
    </ul>
  );
}

function PolicyRow({ policy }: { readonly policy: PolicyView }) {
  const { name, limit } = policy;
  const role = roles.value[name] ?? 'off';
  return (
    <li class={role === 'off' ? 'off' : ''} data-policy={name}>
      <p>
        <span class={`swatch ${name}`} aria-hidden="true" />
        <b>{name}</b> <span class="quiet">{describe(policy)}</span>
      </p>
      <p class="left">
        <span class={`level ${name}`} style={{ '--part': leftOf(policy) / limit }} aria-hidden="true" />
        <span data-testid="left">{leftText(policy)}</span>
      </p>
      <select
        aria-label={`What ${name} does`}
        value={role}
        onChange={({ currentTarget }) => {
          roles.value = { ...roles.value, [name]: currentTarget.value as Role };
        }}
      >
        {ROLES.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </li>
  );
}

import { useSignal } from '@preact/signals';
import { send } from '../live/request.js';
import { identityChanged } from '../live/stream.js';
import { useAction } from '../shell/action.js';
import { sayNotice } from '../shell/notices.js';

const USERS = ['ada', 'grace', 'linus', 'barbara'];

/** A name is enough here. Five logins a minute are let through, which is a policy of its own. */
export function LogIn() {
  const name = useSignal('');
  const { run, busy } = useAction();
  const logIn = (user: string) =>
    run(async () => {
      await send('POST', '/api/login', { user });
      identityChanged();
      sayNotice(`Welcome, ${user}. What was in your cart is still there.`, 'done');
    });
  return (
    <>
      <p>This shop knows its customers by name, and asks for nothing else. Log in as one of them on several devices.</p>
      <p class="row">
        {USERS.map((user) => (
          <button key={user} type="button" aria-busy={busy} onClick={() => logIn(user)}>
            Log in as {user}
          </button>
        ))}
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.value.trim() !== '') logIn(name.value.trim());
        }}
      >
        <label>
          Another name{' '}
          <input
            name="user"
            autocomplete="username"
            required
            maxLength={64}
            value={name.value}
            onInput={({ currentTarget }) => (name.value = currentTarget.value)}
          />
        </label>
        <button type="submit" aria-busy={busy}>
          Log in
        </button>
      </form>
    </>
  );
}

import './account.css';
import { visitor } from '../live/state.js';
import { Devices } from './devices.js';
import { LogIn } from './log-in.js';

export function AccountPage() {
  const user = visitor.value?.user ?? null;
  return (
    <div class="narrow">
      <h1>{user === null ? 'Log in' : `Hello, ${user}`}</h1>
      {user === null ? <LogIn /> : <Devices user={user} />}
    </div>
  );
}

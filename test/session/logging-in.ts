// A process that logs in or rotates, and dies at one moment of it: logging-in.ts URL TASK TOKEN CALL MOMENT
// TASK: login, login-again, rotate, raise. CALL: which of its calls. MOMENT: sending, sent, answered.
import { tracingChannel } from 'node:diagnostics_channel';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';

const [url = '', task = '', token = '', call = '1', moment = 'never'] = process.argv.slice(2);
const functions = new RedisFunctions({ url });
const service = new SessionService({
  functions,
  routingKey: 'a routing key of the tests, 32 characters or more',
  maxSessions: 3,
});
await functions.deploy();
await service.get(token);

const die = () => process.kill(process.pid, 'SIGKILL');
let calls = 0;
tracingChannel('redis-functions:call').subscribe({
  start: () => {
    calls += 1;
    if (calls !== Number(call)) return;
    if (moment === 'sending') die();
    // the command is written when this turn is over; the answer comes in a later one
    if (moment === 'sent') setImmediate(die);
  },
  end: () => {},
  asyncStart: () => {},
  asyncEnd: () => {
    if (calls === Number(call) && moment === 'answered') die();
  },
  error: () => {},
});

const tasks: Readonly<Record<string, () => Promise<string | null>>> = {
  login: async () => (await service.login(token, 'ada', { data: { own: 1 } })).token,
  rotate: () => service.rotate(token),
  raise: () => service.rotate(token, { grace: 0 }),
};
const result = await tasks[task]?.();
process.send?.({ calls, result });
await functions.close();
process.disconnect?.();

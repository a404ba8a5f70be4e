import { useSignal } from '@preact/signals';
import { serverNow } from '../live/state.js';
import { Countdown } from '../shell/countdown.js';
import { type Answer, counts, last, lastRefusal } from './attempts.js';

const SOURCES: Readonly<Record<Answer['source'], string>> = {
  redis: 'decided by Redis',
  'deny-cache': 'refused by this process, which remembers that Redis has just refused the same',
  local: 'decided by this process alone, while Redis is away',
  unavailable: 'decided by nobody',
};

export function Answers() {
  const { sent, passed, refused, wouldRefuse, unanswered } = counts.value;
  const isWaiting = passed + refused + unanswered < sent;
  return (
    <section class="panel answers" aria-labelledby="answers-title" aria-busy={isWaiting}>
      <h2 id="answers-title">Answers</h2>
      <dl class="counts">
        <Count name="sent" value={sent} />
        <Count name="passed" value={passed} kind="passed" />
        <Count name="refused" value={refused} kind="refused" />
        <Count name="would have been refused by a shadow" value={wouldRefuse} kind="shadow" />
        {unanswered > 0 && <Count name="without an answer" value={unanswered} kind="unanswered" />}
      </dl>
      {lastRefusal.value && <Wait key={lastRefusal.value.passesAt} refusal={lastRefusal.value} />}
      {last.value && <Response title="The last response" answer={last.value} />}
      {lastRefusal.value && lastRefusal.value !== last.value && (
        <Response title="The last refusal" answer={lastRefusal.value} />
      )}
    </section>
  );
}

function Count({ name, value, kind = '' }: { readonly name: string; readonly value: number; readonly kind?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={`outcome ${kind}`} data-count={kind || name}>
        {value}
      </dd>
    </div>
  );
}

function Wait({ refusal: { refusedBy, passesAt } }: { readonly refusal: Answer }) {
  const isOver = useSignal(serverNow() >= passesAt);
  return (
    <p role="status" class={isOver.value ? '' : 'hint'}>
      {isOver.value ? (
        'The next request passes again.'
      ) : (
        <>
          Refused by {refusedBy.join(' and ') || 'a limit'}. The next one passes in{' '}
          <Countdown until={passesAt} over={() => (isOver.value = true)} />.
        </>
      )}
    </p>
  );
}

function Response({ title, answer }: { readonly title: string; readonly answer: Answer }) {
  const { status, fields, source, wouldRefuse } = answer;
  return (
    <div class="response">
      <h3>{title}</h3>
      <pre>
        <code>
          {[
            `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Too Many Requests'}`,
            ...fields.map((field) => field.join(': ')),
          ].join('\n')}
        </code>
      </pre>
      <p class="quiet">
        {SOURCES[source]}
        {wouldRefuse.length > 0 && `; ${wouldRefuse.join(' and ')} would have refused it`}
      </p>
    </div>
  );
}

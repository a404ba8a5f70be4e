import { signal } from '@preact/signals';

type Tone = 'done' | 'warning' | 'refused';

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
}

const STAYS_MS = 8_000;
const MOST = 3;

const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Says something to the visitor, for a while. */
export function sayNotice(text: string, tone: Tone): void {
  lastId += 1;
  const id = lastId;
  notices.value = [...notices.value.filter((notice) => notice.text !== text), { id, text, tone }].slice(-MOST);
  setTimeout(() => dismiss(id), STAYS_MS);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Read aloud when they come: politely where all is well, at once where it is not. */
export function Notices() {
  const polite = notices.value.filter(({ tone }) => tone === 'done');
  const urgent = notices.value.filter(({ tone }) => tone !== 'done');
  return (
    <div class="notices">
      <div role="status">{polite.map(NoticeLine)}</div>
      <div role="alert">{urgent.map(NoticeLine)}</div>
    </div>
  );
}

function NoticeLine({ id, text, tone }: Notice) {
  return (
    <p key={id} class={`notice ${tone}`}>
      <span>{text}</span>
      <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>
        ×
      </button>
    </p>
  );
}

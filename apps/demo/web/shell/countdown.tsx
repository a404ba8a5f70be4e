import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { serverNow } from '../live/state.js';

const TICK_MS = 250;

/** The server's time, a few times per second while something counts down. */
const now = signal(serverNow());
let users = 0;
let timer: number | undefined;

function useClock(): number {
  useEffect(() => {
    users += 1;
    timer ??= setInterval(() => {
      now.value = serverNow();
    }, TICK_MS);
    return () => {
      users -= 1;
      if (users > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return Math.max(now.value, serverNow());
}

interface CountdownProps {
  /** Milliseconds since 1970, by the server's clock. */
  readonly until: number;
  /** Told once when it is over. */
  readonly over?: () => void;
}

/** Minutes and seconds that are left. Not read aloud each second: who wants to know reads it. */
export function Countdown({ until, over }: CountdownProps) {
  const leftMs = Math.max(0, until - useClock());
  const isOver = leftMs === 0;
  useEffect(() => {
    if (isOver) over?.();
  }, [isOver]);
  const seconds = Math.ceil(leftMs / 1_000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <time class="countdown" role="timer" aria-live="off">
      {text}
    </time>
  );
}

/** What the server's debugger says, line by line. */
export type LdbLine =
  | { readonly kind: 'stopped'; readonly line: number; readonly reason: string }
  | { readonly kind: 'call' | 'reply' | 'debug' | 'value' | 'retval' | 'error' | 'other'; readonly text: string }
  | { readonly kind: 'frame'; readonly name: string }
  | { readonly kind: 'source'; readonly line: number }
  | { readonly kind: 'end' };

// Valkey says <command> where Redis says <redis>
const TAGS = { redis: 'call', command: 'call', reply: 'reply', debug: 'debug', value: 'value' } as const;
const MORE_TAGS = { retval: 'retval', error: 'error' } as const;
const KINDS: Readonly<Record<string, (typeof TAGS)[keyof typeof TAGS] | 'retval' | 'error'>> = {
  ...TAGS,
  ...MORE_TAGS,
};

export function readLine(text: string): LdbLine {
  if (text === '<endsession>') return { kind: 'end' };
  const stopped = /^\* Stopped at (\d+), stop reason = (.*)$/.exec(text);
  if (stopped) return { kind: 'stopped', line: Number(stopped[1]), reason: stopped[2] as string };
  const tag = /^<(\w+)> ?(.*)$/s.exec(text);
  const kind = KINDS[tag?.[1] ?? ''];
  if (tag && kind) return { kind, text: tag[2] as string };
  const frame = /^(?:In|From) (.+):$/.exec(text);
  if (frame) return { kind: 'frame', name: frame[1] as string };
  const source = /^(?:->| {2})[# ](\d+)/.exec(text);
  if (source) return { kind: 'source', line: Number(source[1]) };
  return { kind: 'other', text };
}

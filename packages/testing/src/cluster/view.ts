/** What one node knows of one node: a line of CLUSTER NODES. */
export interface NodeView {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  readonly isPrimary: boolean;
  /** Of a replica. */
  readonly primaryId: string | undefined;
  readonly isLinked: boolean;
  /** Ranges, both ends included. */
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/**
 * `ID HOST:PORT@BUS FLAGS PRIMARY PING PONG EPOCH LINK SLOT…`; a slot that is on its way to another node comes once more in
 * brackets.
 */
export function parseView(text: string): NodeView[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [id = '', address = '', flagList = '', primary, , , , link, ...slots] = line.trim().split(' ');
    const flags = flagList.split(',');
    return {
      id,
      port: Number(/:(\d+)(?:@|$)/.exec(address)?.[1]),
      flags,
      isPrimary: flags.includes('master'),
      primaryId: primary === '-' ? undefined : primary,
      isLinked: link === 'connected',
      slots: slots.filter((slot) => !slot.startsWith('[')).map(parseRange),
    };
  });
}

function parseRange(text: string): [number, number] {
  const [first, last = first] = text.split('-').map(Number) as [number, number?];
  return [first, last];
}

export function hasSlot({ slots }: NodeView, slot: number): boolean {
  return slots.some(([first, last]) => first <= slot && slot <= last);
}

export function countSlots({ slots }: NodeView): number {
  return slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function slotsOf({ slots }: NodeView): number[] {
  return slots.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}

/** Who is what, without what each node measures by itself: equal where two nodes agree. */
export function signatureOf(view: readonly NodeView[]): string {
  return view
    .map(({ id, isPrimary, primaryId, slots }) => `${id} ${isPrimary ? 'primary' : primaryId} ${slots.join(' ')}`)
    .sort()
    .join('\n');
}

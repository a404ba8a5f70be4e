import { InvalidArgumentError } from '@redis-functions/core';
import type { NodeView } from './view.js';
import { countSlots, hasSlot, slotsOf } from './view.js';

interface Owner {
  readonly view: NodeView;
}

/** Which slots leave which primary. */
export function chooseSlots<Member extends Owner>(
  primaries: readonly Member[],
  to: Member,
  from: Member | undefined,
  wanted: number | readonly number[] | undefined,
): (readonly [Member, number[]])[] {
  const others = primaries.filter((member) => member !== to);
  const source = from ?? others.toSorted((a, b) => countSlots(b.view) - countSlots(a.view))[0];
  if (!source || source === to) {
    throw new InvalidArgumentError('from', 'There is nobody to take slots from. Give another primary than the target.');
  }
  if (typeof wanted === 'object') {
    const sources = from ? [from] : others;
    const groups = sources.map((member) => [member, wanted.filter((slot) => hasSlot(member.view, slot))] as const);
    const found = groups.flatMap(([, slots]) => slots).length;
    if (found === wanted.length) return groups.filter(([, slots]) => slots.length > 0);
    throw new InvalidArgumentError(
      'slots',
      `${wanted.length - found} of the slots are not there to take. Give slots of others.`,
    );
  }
  const own = slotsOf(source.view);
  const count = wanted ?? Math.floor(own.length / 2);
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= own.length)) {
    throw new InvalidArgumentError(
      'slots',
      `${count} of ${own.length} slots cannot be moved. Give 1 to ${own.length}.`,
    );
  }
  return [[source, own.slice(-count)]];
}

import { isIPv4, isIPv6 } from 'node:net';

const MAPPED = '::ffff:';

/**
 * Who a client is by its address, for use as a limiter's key. One household or server has a whole IPv6 subnet to choose
 * addresses from, so they are folded to it; an IPv4 address written as IPv6 is the IPv4 address; a port or a zone that a
 * proxy left on it is dropped.
 *
 * @param ipv6Subnet Bits that count of an IPv6 address, 32 to 64; false for all of them. Default: 56.
 * @returns For example `203.0.113.7` or `2001:db8:12:3400::/56`; undefined for what is not an address.
 */
export function clientAddress(text: string, ipv6Subnet: number | false = 56): string | undefined {
  // nearly all of them, as a server that listens on IPv4, or on both, calls them
  if (isIPv4(text)) return text;
  if (text.startsWith(MAPPED) && isIPv4(text.slice(MAPPED.length))) return text.slice(MAPPED.length);
  const address = withoutPort(text);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = toGroups(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [groups[6], groups[7]].flatMap((group = 0) => [group >> 8, group & 0xff]).join('.');
  }
  if (ipv6Subnet === false) return groups.map(toHex).join(':');
  const kept = groups.map((group, index) => group & mask(ipv6Subnet - 16 * index));
  return `${kept
    .slice(0, Math.ceil(ipv6Subnet / 16))
    .map(toHex)
    .join(':')}::/${ipv6Subnet}`;
}

function withoutPort(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, dotted] = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text) ?? [];
  return (bracketed ?? dotted ?? text).replace(/%.*$/s, '');
}

/** The eight 16-bit groups of a valid address. */
function toGroups(address: string): number[] {
  const [left = '', right] = address.split('::');
  const head = parseGroups(left);
  if (right === undefined) return head;
  const tail = parseGroups(right);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

function mask(bits: number): number {
  const kept = Math.max(0, Math.min(16, bits));
  return (0xffff << (16 - kept)) & 0xffff;
}

function toHex(group: number): string {
  return group.toString(16);
}

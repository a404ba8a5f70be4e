/**
 * Vulnerabilities of the Lua in servers that somebody who may run scripts or functions can use. Per line of releases the
 * first that is mended; an older line than the first has no mended release.
 *
 * From the release notes of Redis and Valkey, and the version ranges of their advisories (as of September 2026).
 */
interface Vulnerability {
  readonly id: string;
  readonly mended: Readonly<Record<'redis' | 'valkey', readonly string[]>>;
}

const OCTOBER_2025 = {
  redis: ['7.2.11', '7.4.6', '8.0.4', '8.2.2'],
  valkey: ['7.2.11', '8.0.6', '8.1.4', '9.0.0'],
};

export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    id: 'CVE-2024-31449',
    mended: { redis: ['7.2.6', '7.4.1', '8.0.0'], valkey: ['7.2.7', '8.0.1'] },
  },
  {
    id: 'CVE-2024-46981',
    mended: { redis: ['7.2.7', '7.4.2', '8.0.0'], valkey: ['7.2.8', '8.0.2', '8.1.0'] },
  },
  { id: 'CVE-2025-46817', mended: OCTOBER_2025 },
  { id: 'CVE-2025-46818', mended: OCTOBER_2025 },
  { id: 'CVE-2025-46819', mended: OCTOBER_2025 },
  { id: 'CVE-2025-49844', mended: OCTOBER_2025 },
  {
    id: 'CVE-2025-67733',
    mended: { redis: ['0.0.0'], valkey: ['7.2.12', '8.0.7', '8.1.6', '9.0.2'] },
  },
  {
    id: 'CVE-2026-23631',
    mended: { redis: ['7.2.14', '7.4.9', '8.2.6', '8.4.3', '8.6.3'], valkey: ['7.2.13', '8.0.8', '8.1.7', '9.0.4'] },
  },
];

export function vulnerabilitiesOf(kind: 'redis' | 'valkey', version: string): readonly Vulnerability[] {
  return VULNERABILITIES.filter(({ mended }) => !isMended(version, mended[kind]));
}

/** Of its own line of releases the fix counts; a line that has none of its own is mended if it is newer than all. */
function isMended(version: string, mended: readonly string[]): boolean {
  const [major = 0, minor = 0, patch = 0] = numbers(version);
  const own = mended.map(numbers).find(([a, b]) => a === major && b === minor);
  if (own) return patch >= (own[2] ?? 0);
  const [newestMajor = 0, newestMinor = 0] = numbers(mended.at(-1) ?? '0.0.0');
  return major > newestMajor || (major === newestMajor && minor > newestMinor);
}

function numbers(version: string): number[] {
  return version.split('.').map(Number);
}

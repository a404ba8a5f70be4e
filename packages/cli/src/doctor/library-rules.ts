import type { Library, LibraryInfo } from '@redis-functions/core';
import type { Examined } from './examine.js';
import { type Finding, finding } from './findings.js';

type Known = Examined & { readonly libraries: readonly LibraryInfo[] };
type Wanted = Pick<Library, 'name' | 'version' | 'hash'>;

/** What differs between servers, and from the files where some are given. */
export function compareLibraries(examined: readonly Examined[], wanted: readonly Wanted[]): readonly Finding[] {
  const known = examined.filter((server): server is Known => server.libraries !== undefined);
  const primaries = known.filter(({ role }) => role === 'primary');
  const names = new Set([...wanted, ...primaries.flatMap(({ libraries }) => libraries)].map(({ name }) => name));
  const findings: Finding[] = [];
  for (const name of [...names].sort()) {
    const file = wanted.find((library) => library.name === name);
    const reference = file ?? mostCommon(primaries, name);
    for (const primary of primaries) {
      const found = primary.libraries.find((library) => library.name === name);
      findings.push(...comparePrimary(primary.id, name, found, reference, file !== undefined));
    }
    for (const replica of known.filter(({ role }) => role === 'replica')) {
      const own = replica.libraries.find((library) => library.name === name);
      // of whichever primary it follows
      if (primaries.some(({ libraries }) => libraries.find((library) => library.name === name)?.hash === own?.hash))
        continue;
      const problem = `The replica has ${own ? 'other code' : 'nothing'} of ${name} than its primary: reads fail there, or after a failover all calls.`;
      findings.push(
        finding(
          'replica-behind',
          replica.id,
          problem,
          'Look at its replication (INFO replication), and deploy with --replicas.',
        ),
      );
    }
  }
  return findings;
}

function comparePrimary(
  id: string,
  name: string,
  found: LibraryInfo | undefined,
  reference: Wanted | undefined,
  isFile: boolean,
): readonly Finding[] {
  if (!reference || found?.hash === reference.hash) return [];
  const whose = isFile ? 'the file' : 'other primaries';
  if (!found) {
    const problem = `It has no ${name}, and ${whose} ${isFile ? 'has' : 'have'}: calls with keys of its slots fail.`;
    return [finding('library-missing', id, problem, 'Deploy to the whole topology: redis-functions deploy.')];
  }
  const [ours, theirs] = [found.version ?? 'no version', reference.version ?? 'no version'];
  if (ours !== theirs && isFile) {
    return [
      finding(
        'library-outdated',
        id,
        `It has ${name} ${ours}, and the file has ${theirs}.`,
        'Deploy, or take the other file.',
      ),
    ];
  }
  const problem = `It has ${name} ${ours} (sha256 ${found.hash.slice(0, 12)}), and ${whose} ${theirs} (sha256 ${reference.hash.slice(0, 12)}).`;
  return [
    finding(
      'library-differs',
      id,
      problem,
      'See redis-functions diff; then deploy, with --force where this one is wrong.',
    ),
  ];
}

/** What most primaries have; of as many the newer one, so that an interrupted deploy is told of as such. */
function mostCommon(primaries: readonly Known[], name: string): LibraryInfo | undefined {
  const all = primaries.flatMap(({ libraries }) => libraries.filter((library) => library.name === name));
  const count = ({ hash }: LibraryInfo) => all.filter((other) => other.hash === hash).length;
  const newer = (a: LibraryInfo, b: LibraryInfo) =>
    (b.version ?? '').localeCompare(a.version ?? '', 'en', { numeric: true });
  return [...all].sort((left, right) => count(right) - count(left) || newer(left, right))[0];
}

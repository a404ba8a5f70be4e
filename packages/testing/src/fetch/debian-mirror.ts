import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerFetchError } from '../errors.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SUITE_ALIASES = ['oldstable', 'stable', 'testing', 'unstable', 'sid'];

/** Lines of sources.list for suites of Debian, on the mirror that this machine uses for its own release. */
export function debianSources(suites: readonly string[], etc = '/etc'): string[] {
  const system = readSystem(etc);
  if (system.id !== 'debian') {
    throw new ServerFetchError(`${suites.at(-1)} is a suite of Debian, and this system is ${system.name}`);
  }
  const mirror = readSources(join(etc, 'apt')).find(
    ({ suites: own, components }) =>
      components.includes('main') && own.some((suite) => suite === system.codename || SUITE_ALIASES.includes(suite)),
  )?.uri;
  if (mirror === undefined) throw new ServerFetchError('this machine has no Debian mirror in its package sources');
  const option = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  return suites.map((suite) => `deb ${option}${mirror} ${suite} main`);
}

function readSystem(etc: string): { id: string; name: string; codename: string } {
  const path = join(etc, 'os-release');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), name: value('PRETTY_NAME') || process.platform, codename: value('VERSION_CODENAME') };
}

interface Source {
  uri: string;
  suites: string[];
  components: string[];
}

/** Both spellings: `deb URI SUITE COMPONENT…` lines in *.list, and paragraphs of fields in *.sources. */
function readSources(apt: string): Source[] {
  const parts = join(apt, 'sources.list.d');
  const files = [
    join(apt, 'sources.list'),
    ...(existsSync(parts) ? readdirSync(parts).map((f) => join(parts, f)) : []),
  ];
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8').replace(/^#.*\n?/gm, '');
      return file.endsWith('.sources')
        ? text.split(/\n\s*\n/).flatMap(parseParagraph)
        : text.split('\n').flatMap(parseLine);
    });
}

function parseLine(line: string): Source[] {
  const [, uri, suite, components] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
  return uri && suite && components ? [{ uri, suites: [suite], components: components.split(/\s+/) }] : [];
}

function parseParagraph(text: string): Source[] {
  const words = (field: string) => new RegExp(`^${field}:(.*)$`, 'im').exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  if (!words('Types').includes('deb')) return [];
  return words('URIs').map((uri) => ({ uri, suites: words('Suites'), components: words('Components') }));
}

// npm run servers [all | NAME…]: fetches servers to test on, without root, from the packages of Debian or Ubuntu.
import { SERVER_NAMES, type ServerName } from '@redis-functions/testing';
import { fetchAll } from './server-cache.js';

const known: readonly string[] = [...SERVER_NAMES, 'distribution'];
const wanted = process.argv.slice(2).flatMap((name): readonly string[] => (name === 'all' ? SERVER_NAMES : [name]));
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No server is called ${unknown.join(', ')}. Choose from ${known.join(', ')}, or all.`);
  process.exit(2);
}
const fetched = await fetchAll(wanted.length > 0 ? (wanted as ServerName[]) : SERVER_NAMES);
process.exitCode = fetched > 0 ? 0 : 1;

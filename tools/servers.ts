// npm run servers [all | NAME…]: fetches servers to test on, without root, from Debian's packages.
import { SERVER_NAMES, type ServerName } from '@redis-functions/testing';
import { fetchAll } from './server-cache.js';

const wanted = process.argv.slice(2).filter((name) => name !== 'all');
const unknown = wanted.filter((name) => !(SERVER_NAMES as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`No server is called ${unknown.join(', ')}. Choose from ${SERVER_NAMES.join(', ')}, or all.`);
  process.exit(2);
}
const fetched = await fetchAll(wanted.length > 0 ? (wanted as ServerName[]) : SERVER_NAMES);
process.exitCode = fetched > 0 ? 0 : 1;

import { appRules } from '../acl/user-rules.js';
import type { Server } from '../connection/servers.js';
import type { LibraryFile } from '../libraries/read-libraries.js';
import { examine } from './examine.js';
import type { Finding } from './findings.js';
import { compareLibraries } from './library-rules.js';
import { SERVER_RULES } from './server-rules.js';
import { examineUser } from './user-rules.js';

export interface Diagnosis {
  readonly servers: readonly { readonly id: string; readonly role: Server['role'] }[];
  /** Errors first. */
  readonly findings: readonly Finding[];
}

/** Everything that doctor looks at. */
export async function diagnose(
  servers: readonly Server[],
  files: readonly LibraryFile[],
  user: string | undefined,
): Promise<Diagnosis> {
  const examined = await Promise.all(servers.map(examine));
  const findings = [
    ...examined.flatMap((server) => SERVER_RULES.flatMap((rule) => rule(server))),
    ...compareLibraries(
      examined,
      files.map(({ library }) => library),
    ),
  ];
  if (user !== undefined) {
    const texts = files.map(({ file, library }) => ({ file, code: library.code }));
    const { rules } = appRules(texts, { prefixes: [], channels: [], allow: [], cluster: false });
    const able = servers.filter(({ id }) => !findings.some(({ node, code }) => node === id && MUTE.includes(code)));
    findings.push(...(await Promise.all(able.map((server) => examineUser(server, user, rules)))).flat());
  }
  const order = (a: Finding, b: Finding) => Number(a.severity !== 'error') - Number(b.severity !== 'error');
  return { servers: servers.map(({ id, role }) => ({ id, role })), findings: findings.sort(order) };
}

/** They answer nothing. */
const MUTE: readonly string[] = ['unreachable', 'busy'];

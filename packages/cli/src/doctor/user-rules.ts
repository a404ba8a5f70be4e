import { FunctionCallError } from '@redis-functions/core';
import type { Server } from '../connection/servers.js';
import { type Finding, finding } from './findings.js';

const MOST_WORDS = 8;

/**
 * Whether a user may call the functions of libraries, and send what they send: ACL DRYRUN, which runs nothing. Keys are not
 * looked at; the rules are those that `acl` would give.
 */
export async function examineUser(
  { id, send }: Server,
  user: string,
  rules: readonly string[],
): Promise<readonly Finding[]> {
  const lacking: string[] = [];
  for (const rule of rules.filter((each) => each.startsWith('+'))) {
    const [command = '', first] = rule.slice(1).split('|');
    const isFunction = command === 'fcall' || command === 'fcall_ro';
    const said = await tryOut(send, user, isFunction ? [command, first ?? '', '0'] : rule.slice(1).split('|'));
    if (said === undefined) {
      const problem = `What the user ${user} may do cannot be asked, or there is no such user.`;
      return [finding('not-examined', id, problem, 'Ask as a user with +acl|dryrun, and give the name of a user.')];
    }
    if (/permissions? to run/.test(said)) lacking.push(rule);
  }
  if (lacking.length === 0) return [];
  const problem = `The user ${user} lacks ${lacking.join(' ')}.`;
  return [finding('missing-permission', id, problem, `Grant it: ACL SETUSER ${user} ${lacking.join(' ')}.`)];
}

/** With as many words as the command needs: permissions are looked at after their number. */
async function tryOut(send: Server['send'], user: string, words: readonly string[]): Promise<string | undefined> {
  try {
    return String(await send(['ACL', 'DRYRUN', user, ...words]));
  } catch (error) {
    if (!(error instanceof FunctionCallError)) throw error;
    const isShort = /wrong number of arguments/.test(error.message) && words.length < MOST_WORDS;
    return isShort ? tryOut(send, user, [...words, '1']) : undefined;
  }
}

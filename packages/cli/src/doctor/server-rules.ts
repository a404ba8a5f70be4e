import type { Examined } from './examine.js';
import { type Finding, finding } from './findings.js';
import { vulnerabilitiesOf } from './vulnerabilities.js';

/** Looks at one server. */
export type ServerRule = (server: Examined) => readonly Finding[];

/** What is wrong with a server itself, whatever the others say. */
export const SERVER_RULES: readonly ServerRule[] = [
  function answers({ id, role, refused, running }) {
    return refused.flatMap(({ command, code, message }) => {
      if (code === 'UNREACHABLE') {
        return finding(
          'unreachable',
          id,
          `The ${role} does not answer. ${message}`,
          'Start it, or take it out of the topology.',
        );
      }
      if (code === 'BUSY' && running) return [];
      if (code === 'BUSY') return finding('busy', id, 'It is busy with a script.', 'End it: redis-functions kill.');
      if (code === 'NOPERM') return lacking(id, command);
      if (/unknown (?:sub)?command|not supported|disabled/i.test(message)) return unknown(id, command);
      return finding('not-examined', id, `It did not answer ${command}. ${message}`, 'Ask it by hand.');
    });
  },

  function isBusy({ id, running }) {
    if (!running) return [];
    const problem = `${running.name} has been running for ${running.durationMs} ms, and everybody else waits.`;
    return [finding('busy', id, problem, 'End it: redis-functions kill. Bound its loops, or give it less at once.')];
  },

  function isMended({ id, info }) {
    const known = info ? vulnerabilitiesOf(info.kind, info.version) : [];
    if (!info || known.length === 0) return [];
    const list = known.map(({ id: cve }) => cve).join(', ');
    const remedy =
      'Update it. Where your distribution mends its own package under the old number, see its changelog, and leave this ' +
      'out with --ignore known-vulnerability.';
    return [finding('known-vulnerability', id, `${info.kind} ${info.version} has ${list} in its Lua.`, remedy)];
  },

  function survivesRestart({ id, role, libraries, settings }) {
    const isKept = settings.get('appendonly') !== 'no' || settings.get('save') !== '';
    if (isKept || role === 'replica' || !libraries || libraries.length === 0) return [];
    const names = libraries.map(({ name }) => name).join(', ');
    const problem = `It saves nothing: a restart loses ${names}, and empties its replicas.`;
    return [finding('lost-at-restart', id, problem, 'Set appendonly yes, or save; or deploy after each start.')];
  },

  function canSave({ id, persistence }) {
    const failing = ['rdb_last_bgsave_status', 'aof_last_bgrewrite_status', 'aof_last_write_status'].filter(
      (field) => persistence.get(field) === 'err',
    );
    if (failing.length === 0) return [];
    const problem = `Its last save failed (${failing.join(', ')}): functions that write are refused with MISCONF.`;
    return [
      finding('persistence-failing', id, problem, 'See its log; make room on its disk, or correct its directory.'),
    ];
  },

  function keepsKeys({ id, role, settings }) {
    const policy = settings.get('maxmemory-policy') ?? 'noeviction';
    if (role === 'replica' || policy === 'noeviction' || Number(settings.get('maxmemory') ?? 0) === 0) return [];
    const problem = `At maxmemory it removes keys (${policy}): carts, sessions and limits that are in use.`;
    return [
      finding('eviction', id, problem, 'Set maxmemory-policy noeviction, and give caches a server of their own.'),
    ];
  },

  function saysBusy({ id, settings }) {
    if (settings.get('busy-reply-threshold') !== '0') return [];
    const problem =
      'busy-reply-threshold is 0: it never says that it is busy, and a function without end cannot be ended.';
    return [finding('no-busy-threshold', id, problem, 'Set busy-reply-threshold to 5000 or less.')];
  },

  function survivesReplace({ id, libraries = [] }) {
    return libraries.flatMap(({ name, functions }) => {
      const names = functions.map((each) => each.name.toLowerCase());
      const twin = functions.find((each, i) => names.indexOf(each.name.toLowerCase()) !== i);
      if (!twin) return [];
      const problem = `${name} has ${twin.name} twice, in other letters: to replace or delete it crashes the server.`;
      return [
        finding(
          'unsafe-library',
          id,
          problem,
          'Fail over to a fresh server with a corrected library. Do not delete it.',
        ),
      ];
    });
  },
];

/** Without these nothing can be said about functions; without others only something. */
const NEEDED = ['FUNCTION STATS', 'FUNCTION LIST'];

function lacking(id: string, command: string): Finding {
  const right = `+${command.toLowerCase().replace(' ', '|')}`;
  const remedy = `Grant it: ACL SETUSER NAME ${right}.`;
  if (NEEDED.includes(command)) return finding('missing-permission', id, `The user may not send ${command}.`, remedy);
  return finding('not-examined', id, `The user may not send ${command}, so a part was not looked at.`, remedy);
}

function unknown(id: string, command: string): Finding {
  if (NEEDED.includes(command)) {
    return finding('no-functions', id, 'It has no functions.', 'Use Redis 7 or Valkey, or the mode "scripts".');
  }
  return finding('not-examined', id, `It has no ${command}, so a part was not looked at.`, 'Look at it by hand.');
}

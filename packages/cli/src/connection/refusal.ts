import { UnavailableError } from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';

/** What another attempt would not change. */
const FINAL: readonly (readonly [RegExp, string])[] = [
  [
    /WRONGPASS|NOAUTH/,
    'The server refuses the user or the password. Give them in the URL: redis://USER:PASSWORD@HOST.',
  ],
  [/NOPERM/, 'The user may not even connect. Grant it +client|setname.'],
  [/ENOTFOUND|EAI_AGAIN/, 'The name of the host is not known. Correct the URL, or ask again when names are resolved.'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/,
    "The server's certificate is not trusted. Name the file of its authority in NODE_EXTRA_CA_CERTS.",
  ],
  [
    /WRONG_VERSION_NUMBER|EPROTO|ERR_SSL/,
    'The server does not speak TLS at this port. Write redis:// or another port.',
  ],
];

/** Such a server waits for the end of what it takes for a command, unless a line break is among the random bytes of TLS. */
const SILENT_WITHOUT_TLS = 'A server that does not speak TLS at this port may just be silent: try redis:// then.';

/** Why a connection failed, where waiting is of no use; undefined for what may pass. */
export function finalRefusal(error: Error): CliError | undefined {
  const text = describe(error);
  const sentence = FINAL.find(([pattern]) => pattern.test(text))?.[1];
  return sentence === undefined ? undefined : new CliError(`${text}. ${sentence}`, 1, { cause: error });
}

/** Says what the connection itself said last, where an attempt gave up waiting for it. */
export function withLastFailure(error: unknown, last: Error | undefined): unknown {
  if (error instanceof UnavailableError) {
    const silent = error.message.includes('rediss://') ? ` ${SILENT_WITHOUT_TLS}` : '';
    const message = `${error.message.replace('deadlineMs', '--timeout')}${silent}`;
    return new CliError(last === undefined ? message : `${describe(last)}: ${message}`, 1, { cause: error });
  }
  return error;
}

function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return [code, error.message].filter((part, i, all) => part && (i === 1 || !all[1]?.includes(part))).join(' ');
}

import { CliError } from './cli-error.js';

/** As redis-cli shows replies. */
export function renderReply(reply: unknown, indent = ''): string {
  if (reply === null || reply === undefined) return '(nil)';
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`;
  if (typeof reply === 'string') return JSON.stringify(reply);
  if (typeof reply === 'boolean') return `(${reply})`;
  if (reply instanceof Error) return `(error) ${reply.message}`;
  if (!Array.isArray(reply)) throw new CliError('The reply is of a kind that has no text. Use --json.');
  if (reply.length === 0) return '(empty array)';
  return reply
    .map((item, i) => {
      const number = `${i + 1}) `;
      return `${i === 0 ? '' : indent}${number}${renderReply(item, `${indent}${' '.repeat(number.length)}`)}`;
    })
    .join('\n');
}

/** For --json. */
export function replyToJson(reply: unknown): unknown {
  if (typeof reply === 'bigint') return String(reply);
  if (reply instanceof Error) return { error: reply.message };
  return Array.isArray(reply) ? reply.map(replyToJson) : (reply ?? null);
}

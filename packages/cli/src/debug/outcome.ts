import { parseServerError } from '@redis-functions/core';
import { renderReply, replyToJson } from '../output/reply.js';
import type { Report } from '../output/report.js';
import { ServerError } from './resp.js';
import type { DebugSession } from './session.js';

export interface OutcomeOf {
  readonly file: string;
  readonly functionName: string;
  readonly commit: boolean;
}

/** How a function ended: the same for people, for programs and for editors. */
export function reportOutcome(session: DebugSession, { file, functionName, commit }: OutcomeOf): Report {
  const { state, commands } = session;
  const kept = commit ? 'What it wrote is kept.' : 'Nothing that it wrote is kept.';
  const common = { function: functionName, kept: commit, commands };
  if (state.kind === 'stopped' || state.wasAborted) {
    return { json: { ...common, outcome: 'aborted' }, text: `${functionName} was aborted. ${kept}\n` };
  }
  const { reply } = state;
  if (reply instanceof ServerError) {
    const { code, message, line } = parseServerError(reply.message);
    const where = line === undefined ? functionName : `${functionName} (${file}:${line})`;
    return {
      json: { ...common, outcome: 'failed', error: { code, message, line: line ?? null } },
      text: `${where} failed: ${code} ${message}\n${kept}\n`,
      failed: true,
    };
  }
  return {
    json: { ...common, outcome: 'returned', reply: replyToJson(reply) },
    text: `${functionName} returned:\n${renderReply(reply)}\n${kept}\n`,
  };
}

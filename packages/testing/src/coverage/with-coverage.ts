import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DefineEvent } from '@redis-functions/core';
import { addSeen, coverageFolder } from './folder.js';
import { instrument } from './instrument.js';

const CHANNEL = 'redis-functions:define';

/** Specs define the same libraries in every file. */
const known = new Map<string, string>();

/**
 * The text of a library with counters in it while Lua is covered (`redis-functions test --coverage`, or jest `--coverage` with the
 * preset); otherwise the text itself. Only for texts that a spec loads by hand: `defineLibrary` of core asks by itself.
 */
export function withCoverage(code: string): string {
  const folder = coverageFolder();
  if (folder === undefined) return code;
  const before = known.get(code);
  if (before !== undefined) return before;
  const instrumented = instrument(code);
  const name = /^#!lua[ \t]+name="?(\w+)/i.exec(code)?.[1] ?? 'without a name';
  const reason = 'reason' in instrumented ? { reason: instrumented.reason } : {};
  addSeen(folder, { id: instrumented.id, name, ...reason });
  const covered = 'code' in instrumented ? instrumented.code : code;
  known.set(code, covered);
  // given again, it is not counted twice
  known.set(covered, covered);
  return covered;
}

/**
 * From here on every library that core defines in this process gets counters: the channel is one for all sandboxes of Jest.
 *
 * @returns Ends it.
 */
export function coverDefinitions(): () => void {
  const cover = (event: unknown) => {
    const definition = event as DefineEvent;
    definition.code = withCoverage(definition.code);
  };
  subscribe(CHANNEL, cover);
  return () => unsubscribe(CHANNEL, cover);
}

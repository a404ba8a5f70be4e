import { callRules } from './call-rules.js';
import { conditionRules } from './condition-rules.js';
import type { Finding } from './finding.js';
import { globalRules } from './global-rules.js';
import type { LuaLibrary } from './library.js';
import { limitRules } from './limit-rules.js';
import { registrationRules } from './registration-rules.js';
import { replyRules } from './reply-rules.js';
import type { LuaNode } from './syntax-tree.js';
import { valueRules } from './value-rules.js';

/** Says that something is wrong at a node. */
export type Report = (node: LuaNode, message: string) => void;

/** Looks through a library for one kind of trap. */
export type Rule = (library: LuaLibrary, report: Report) => void;

/** By the code that findings and comments name. Each has a heading in docs/lint.md. */
export const RULES = {
  ...registrationRules,
  ...globalRules,
  ...limitRules,
  ...callRules,
  ...conditionRules,
  ...valueRules,
  ...replyRules,
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleCode = keyof typeof RULES;

/** In the order of the text. */
export function check(library: LuaLibrary): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [code, rule] of Object.entries(RULES) as [RuleCode, Rule][]) {
    rule(library, ({ loc: { start } }, message) =>
      findings.push({ code, line: start.line, column: start.column + 1, message }),
    );
  }
  return findings.sort((left, right) => left.line - right.line || left.column - right.column);
}

import { READS } from '../lint/commands.js';
import { argumentsOf, isCall, type LuaNode, memberOf, nameOf, textOf, walk } from '../lint/syntax-tree.js';

export interface SentCommand {
  readonly name: string;
  readonly writes: boolean;
}

/** Calls of the server; undefined where one cannot be read off the text, so that it might be any. */
export function commandsIn(chunk: LuaNode): readonly SentCommand[] | undefined {
  const commands: SentCommand[] = [];
  const called = new Set<unknown>();
  for (const { node } of walk(chunk)) {
    if (isCall(node) && isSender(node['base'])) {
      called.add(node['base']);
      const name = textOf(argumentsOf(node)[0])?.toUpperCase();
      if (name === undefined) return undefined;
      commands.push({ name, writes: !READS.has(name) });
    }
  }
  // `local call = redis.call`, `pcall(redis.call, …)`, `redis[name]`: it goes where it cannot be followed
  const escapes = walk(chunk).some(({ node }) => {
    if (isSender(node)) return !called.has(node);
    if (node.type === 'IndexExpression') return nameOf(node['base']) === 'redis' || nameOf(node['base']) === 'server';
    const values = node.type === 'LocalStatement' || node.type === 'AssignmentStatement' ? node['init'] : undefined;
    return Array.isArray(values) && values.some((value) => ['redis', 'server'].includes(nameOf(value) ?? ''));
  });
  return escapes ? undefined : commands;
}

function isSender(node: unknown): boolean {
  const [table, member] = memberOf(node) ?? [];
  return (table === 'redis' || table === 'server') && (member === 'call' || member === 'pcall');
}

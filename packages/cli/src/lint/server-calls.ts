import type { Names } from './names.js';
import { argumentsOf, type LuaNode, type Visited } from './syntax-tree.js';

/** `redis.call('GET', …)` and the like. */
export interface Command {
  /** In capital letters; undefined where it is not written out. */
  readonly name: string | undefined;
  readonly args: readonly LuaNode[];
  readonly call: LuaNode;
  /** The functions that it is in. */
  readonly functions: readonly LuaNode[];
}

/** A call of a member of `redis` or `server`. */
export interface ServerCall {
  readonly member: string;
  readonly args: readonly LuaNode[];
  readonly call: LuaNode;
  readonly functions: readonly LuaNode[];
}

export const SERVER_TABLES: ReadonlySet<string> = new Set(['redis', 'server']);

export function serverMember(names: Names, node: unknown): string | undefined {
  const member = names.member(node);
  return member && SERVER_TABLES.has(member[0]) ? member[1] : undefined;
}

/** Also those that `pcall` and `xpcall` make: pcall(redis.call, 'GET', key). */
export function serverCalls(
  calls: readonly Pick<Visited, 'node' | 'functions'>[],
  names: Names,
): readonly ServerCall[] {
  return calls.flatMap(({ node, functions }) => {
    const args = argumentsOf(node);
    const direct = serverMember(names, node['base']);
    if (direct !== undefined) return [{ member: direct, args, call: node, functions }];
    const protector = names.global(node['base']);
    if (protector !== 'pcall' && protector !== 'xpcall') return [];
    const guarded = serverMember(names, args[0]);
    const given = args.slice(protector === 'pcall' ? 1 : 2);
    return guarded === undefined ? [] : [{ member: guarded, args: given, call: node, functions }];
  });
}

export function commandsAmong(calls: readonly ServerCall[], names: Names): readonly Command[] {
  return calls.flatMap(({ member, args, call, functions }) => {
    if (member !== 'call' && member !== 'pcall') return [];
    const [name, ...rest] = args;
    return [{ name: names.text(name)?.toUpperCase(), args: rest, call, functions }];
  });
}

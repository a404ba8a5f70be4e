import type { PrimaryNode } from '../client/port.js';
import { hashCode, versionOf } from '../define/header.js';
import { toArray, toText } from '../replies.js';
import { toFields } from '../reply-fields.js';

/** One function as the server describes it. */
export interface FunctionInfo {
  readonly name: string;
  readonly description: string | null;
  readonly flags: readonly string[];
}

/** One library as the server describes it. */
export interface LibraryInfo {
  readonly name: string;
  /** From the header in its code; undefined where it has none. */
  readonly version: string | undefined;
  /** SHA-256 of its code, in hexadecimal. */
  readonly hash: string;
  readonly engine: string;
  readonly functions: readonly FunctionInfo[];
  /** Only where it was asked for. */
  readonly code?: string;
}

export interface ListOptions {
  /** Only the library of this name. */
  name?: string;
  /** With the text of each library. Default: false. */
  withCode?: boolean;
}

/** FUNCTION LIST, the same on RESP2 and RESP3, in the order of names (the server's order is that of its hash table). */
export async function listLibraries(
  node: Pick<PrimaryNode, 'send'>,
  { name, withCode = false }: ListOptions = {},
): Promise<LibraryInfo[]> {
  const command = ['FUNCTION', 'LIST', ...(name === undefined ? [] : ['LIBRARYNAME', name]), 'WITHCODE'];
  const libraries = toArray(await node.send(command)).map((reply) => toLibraryInfo(reply, withCode));
  // LIBRARYNAME is a pattern without regard to case, library names are exact
  return libraries.filter((library) => name === undefined || library.name === name).sort(byName);
}

/** Those of the libraries that the server has, by name, with their code. One round trip. */
export async function readLibraries(
  node: Pick<PrimaryNode, 'send'>,
  libraries: readonly { readonly name: string }[],
): Promise<Map<string, LibraryInfo>> {
  const found = await Promise.all(libraries.map(({ name }) => listLibraries(node, { name, withCode: true })));
  return new Map(found.flat().map((library) => [library.name, library]));
}

function toLibraryInfo(reply: unknown, withCode: boolean): LibraryInfo {
  const fields = toFields(reply);
  const code = toText(fields.get('library_code'));
  return {
    name: toText(fields.get('library_name')),
    version: versionOf(code),
    hash: hashCode(code),
    engine: toText(fields.get('engine')),
    functions: toArray(fields.get('functions')).map(toFunctionInfo).sort(byName),
    ...(withCode ? { code } : {}),
  };
}

function toFunctionInfo(reply: unknown): FunctionInfo {
  const fields = toFields(reply);
  const description = fields.get('description') ?? null;
  const flags = fields.get('flags');
  return {
    name: toText(fields.get('name')),
    description: description === null ? null : toText(description),
    flags: [...(flags instanceof Set ? flags : toArray(flags))].map(toText).sort(),
  };
}

function byName(left: { name: string }, right: { name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

import { CliError } from '../output/cli-error.js';
import { type Annotated, parseType } from './annotated-types.js';

export interface Parameter extends Annotated {
  readonly name: string;
  readonly description: string;
  /** `...`: any number of them, the last ones. */
  readonly isVariadic: boolean;
}

/** What the comment above a function says of it. */
export interface Annotations {
  readonly description: string;
  readonly keys: readonly Parameter[];
  readonly params: readonly Parameter[];
  /** Undefined where nothing is said; several are the elements of one flat list. */
  readonly returns: readonly Annotated[] | undefined;
}

const TEXT: Annotated = { type: { kind: 'string' }, isOptional: false };
/** Of the Lua function itself: what is in them is said by `@key` and `@param`. */
const OF_LUA: ReadonlySet<string> = new Set(['keys', 'args']);

/**
 * Reads the lines of `---` that end above a line.
 *
 * @param line Of the function, from 1.
 * @returns Undefined where there is no `@key`, `@param` or `@return`.
 * @throws CliError with file and line for what cannot be read, or would not arrive.
 */
export function annotationsAbove(file: string, lines: readonly string[], line: number): Annotations | undefined {
  let first = line - 1;
  while (first > 0 && /^\s*---/.test(lines[first - 1] as string)) first -= 1;
  const description: string[] = [];
  const [keys, params]: [Parameter[], Parameter[]] = [[], []];
  let returns: Annotated[] | undefined;
  for (let index = first; index < line - 1; index++) {
    const text = (lines[index] as string).trim().slice(3).trim();
    const [, tag, rest = ''] = /^@(\w+)\s*(.*)$/.exec(text) ?? [];
    try {
      if (tag === undefined) description.push(text);
      else if (tag === 'key') keys.push(parameter(rest, false));
      else if (tag === 'param') {
        if (!OF_LUA.has(rest.split(/\s/)[0] as string)) params.push(parameter(rest, true));
      } else if (tag === 'return') returns = [...(returns ?? []), returned(rest)];
    } catch (error) {
      throw new CliError(`${file}:${index + 1}: ${(error as Error).message}`, 1, { cause: error });
    }
  }
  const isAnnotated = keys.length + params.length > 0 || returns !== undefined;
  const annotations = { description: description.join('\n').trim(), keys, params, returns };
  if (isAnnotated) assertOrder(annotations, `${file}:${line}`);
  return isAnnotated ? annotations : undefined;
}

function parameter(text: string, hasType: boolean): Parameter {
  const [, name = '', mark = '', rest = ''] = /^(\.\.\.|[A-Za-z_]\w*)(\??)\s*(.*)$/.exec(text) ?? [];
  if (name === '') throw new Error(`"${text}" has no name. Write it as name${hasType ? ' type' : ''} description.`);
  const [type, description] = hasType ? splitType(rest) : ['', rest];
  if (hasType && type === '') throw new Error(`${name} has no type. Write "${name} string", say.`);
  const annotated = hasType ? parseType(type) : TEXT;
  if (annotated.type.kind === 'list')
    throw new Error(`${name} is a list: arguments are single values. Write "... ${type.slice(0, -2)}".`);
  const isVariadic = name === '...';
  return {
    ...annotated,
    isOptional: annotated.isOptional || mark === '?',
    name: isVariadic ? (hasType ? 'values' : 'keys') : name,
    description,
    isVariadic,
  };
}

function returned(text: string): Annotated {
  const [type] = splitType(text);
  if (type === '') throw new Error('@return has no type. Write "@return integer", say.');
  const annotated = parseType(type);
  const { type: what } = annotated;
  if (what.kind === 'number' || (what.kind === 'list' && what.of.kind === 'number')) {
    throw new Error('A reply has no fractions: the server cuts them off. Return tostring(value), and write string.');
  }
  return annotated;
}

/** A type has no white space, but in texts. */
function splitType(text: string): [type: string, rest: string] {
  const [, type = '', rest = ''] = /^((?:"[^"]*"|'[^']*'|[^\s"'])*)\s*(.*)$/.exec(text) ?? [];
  return [type, rest];
}

function assertOrder({ keys, params, returns = [] }: Annotations, where: string): void {
  for (const list of [keys, params]) {
    list.forEach(({ isVariadic, isOptional, name }, index) => {
      if (isVariadic && index < list.length - 1) throw new CliError(`${where}: "..." is not the last. Put it there.`);
      if (isOptional) return;
      if (list.slice(0, index).some((before) => before.isOptional)) {
        throw new CliError(
          `${where}: ${name} comes after one that may be left out. Put it before, or make it optional.`,
        );
      }
    });
  }
  if (keys.some(({ isOptional }) => isOptional)) {
    throw new CliError(`${where}: a key cannot be left out, since Redis routes by keys. Write a second function.`);
  }
  const names = [...keys, ...params].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new CliError(`${where}: ${twice} is there twice. Give each a name of its own.`);
  returns.forEach(({ isOptional, type }, index) => {
    if (returns.length === 1) return;
    if (type.kind === 'list') throw new CliError(`${where}: one of several values is a list. Return one flat list.`);
    if (type.kind === 'boolean') {
      throw new CliError(
        `${where}: one of several values is a boolean, and false ends a list. Return 1 or 0, an integer.`,
      );
    }
    if (!isOptional && returns.slice(0, index).some((before) => before.isOptional)) {
      throw new CliError(`${where}: a value comes after one that may be nil, which ends the list. Put it before.`);
    }
  });
}

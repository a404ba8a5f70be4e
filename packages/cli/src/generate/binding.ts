import { type Annotated, type AnnotatedType, toTypeScript } from './annotated-types.js';
import type { Annotations, Parameter } from './annotations.js';

export interface BoundFunction {
  /** In Lua. */
  readonly name: string;
  /** In TypeScript. */
  readonly property: string;
  readonly flags: readonly string[];
  readonly annotations: Annotations;
}

/** The text of one entry of `functions`, and what it needs of core. */
export interface Binding {
  readonly lines: readonly string[];
  readonly uses: ReadonlySet<string>;
}

/** Words that cannot name a parameter, and the one that is used below. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public ' +
    'return static super switch this throw true try typeof var void while with yield reply'
  ).split(' '),
);

/** A typed function of the library, for `defineLibrary`. */
export function bindingOf({ name, property, flags, annotations }: BoundFunction): Binding {
  const uses = new Set(['defineFunction']);
  const use = (helper: string) => {
    uses.add(helper);
    return helper;
  };
  const { keys, params } = annotations;
  const input = [...keys, ...params].map(signatureOf);
  const args = argumentsText(params, use);
  const lines = [
    ...commentOf(annotations),
    `  ${property}: defineFunction(${JSON.stringify(name)}, {`,
    `    encode: (${input.join(', ')}) => ({`,
    `      keys: [${keys.map((key) => checked(key, use)).join(', ')}],`,
    ...(args === '' ? [] : [`      args: [${args}],`]),
    '    }),',
    ...decodeLines(annotations.returns, use).map((line) => `    ${line}`),
    ...(flags.includes('no-writes') ? ['    readOnly: true,'] : []),
    '  }),',
  ];
  return { lines, uses };
}

function commentOf({ description, keys, params }: Annotations): string[] {
  const told = [...keys, ...params].filter((parameter) => parameter.description !== '');
  const lines = [
    ...(description === '' ? [] : description.split('\n')),
    ...(description !== '' && told.length > 0 ? [''] : []),
    ...told.map((parameter) => `@param ${identifier(parameter.name)} ${parameter.description}`),
  ].map((line) => line.replaceAll('*/', '* /'));
  if (lines.length === 0) return [];
  if (lines.length === 1) return [`  /** ${lines[0]} */`];
  return ['  /**', ...lines.map((line) => `   * ${line}`.trimEnd()), '   */'];
}

function signatureOf(parameter: Parameter): string {
  const { isVariadic, isOptional, type } = parameter;
  const name = identifier(parameter.name);
  const written = toTypeScript({ type, isOptional: false }, 'undefined');
  if (isVariadic && parameter.name === 'keys') return `${name}: readonly string[]`;
  if (isVariadic) return `...${name}: readonly ${written.includes('|') ? `(${written})` : written}[]`;
  return isOptional ? `${name}?: ${written}` : `${name}: ${written}`;
}

function identifier(name: string): string {
  return RESERVED.has(name) ? `${name}_` : name;
}

function argumentsText(params: readonly Parameter[], use: (helper: string) => string): string {
  const required = params.filter(({ isOptional }) => !isOptional).map((parameter) => checked(parameter, use));
  const optional = params
    .filter(({ isOptional }) => isOptional)
    .map((parameter) => {
      const name = identifier(parameter.name);
      return `${name}: ${name} === undefined ? undefined : ${checked(parameter, use)}`;
    });
  if (optional.length > 0) required.push(`...${use('optionalArguments')}({ ${optional.join(', ')} })`);
  return required.join(', ');
}

function checked(parameter: Parameter, use: (helper: string) => string): string {
  const name = identifier(parameter.name);
  if (!parameter.isVariadic) return check(JSON.stringify(parameter.name), name, parameter.type, use);
  const one = check(`\`${parameter.name}[\${i}]\``, 'value', parameter.type, use);
  return `...${name}.map((value, i) => ${one})`;
}

function check(label: string, value: string, type: AnnotatedType, use: (helper: string) => string): string {
  if (type.kind === 'oneOf') return `${use('checkOneOf')}(${label}, ${value}, ${JSON.stringify(type.choices)})`;
  const helpers = { string: 'checkText', integer: 'checkInteger', number: 'checkNumber', boolean: 'checkBoolean' };
  return `${use(helpers[type.kind as 'string'])}(${label}, ${value})`;
}

function decodeLines(returns: readonly Annotated[] | undefined, use: (helper: string) => string): string[] {
  const [first, second] = returns ?? [];
  if (first === undefined) return ['decode: (reply): unknown => reply,'];
  if (second === undefined) {
    const simple = first.isOptional || first.type.kind === 'oneOf' ? undefined : decoderOf(first.type, use);
    if (simple !== undefined && !simple.includes('=>')) return [`decode: ${simple},`];
    return [`decode: (reply): ${toTypeScript(first, 'null')} => ${decoded('reply', first, use)},`];
  }
  const types = (returns ?? []).map((one) => toTypeScript(one, 'null')).join(', ');
  const values = (returns ?? []).map((one, index) => decoded(`values[${index}]`, one, use)).join(', ');
  return [
    `decode: (reply): readonly [${types}] => {`,
    `  const values = ${use('toArray')}(reply);`,
    `  return [${values}];`,
    '},',
  ];
}

function decoded(reply: string, { type, isOptional }: Annotated, use: (helper: string) => string): string {
  const decoder = decoderOf(type, use);
  if (isOptional) return `${use('toNullable')}(${reply}, ${decoder})`;
  if (type.kind === 'oneOf') return `${use('toOneOf')}(${reply}, ${JSON.stringify(type.choices)})`;
  if (type.kind === 'list') return `${use('toArray')}(${reply}).map(${decoderOf(type.of, use)})`;
  return `${decoder}(${reply})`;
}

function decoderOf(type: AnnotatedType, use: (helper: string) => string): string {
  if (type.kind === 'oneOf') return `(one) => ${use('toOneOf')}(one, ${JSON.stringify(type.choices)})`;
  if (type.kind === 'list') return `(all) => ${use('toArray')}(all).map(${decoderOf(type.of, use)})`;
  if (type.kind === 'boolean') return use('toBoolean');
  return use(type.kind === 'integer' ? 'toInteger' : 'toText');
}

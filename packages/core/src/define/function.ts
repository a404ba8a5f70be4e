import { InvalidDefinitionError } from '../errors.js';

/** What can travel as a key or an argument. Numbers are sent as decimal text. */
export type Argument = string | number | Buffer;

/** One call, ready for the wire. Every key that the function touches must be in `keys`: Redis routes by them. */
export interface EncodedCall {
  readonly keys: readonly (string | Buffer)[];
  readonly args?: readonly Argument[];
}

export interface FunctionOptions<Input extends readonly unknown[], Output> {
  /** Turns the arguments of the TypeScript method into keys and arguments. Throw here to refuse before the network. */
  encode: (...input: Input) => EncodedCall;
  /** Turns the server's reply into the method's result. Strings arrive as `string`, integers as `number`, nil as `null`. */
  decode: (reply: unknown) => Output;
  /** The function is registered with the flag `no-writes`: it is called with FCALL_RO. Default: false. */
  readOnly?: boolean;
}

export interface FunctionDefinition<Input extends readonly unknown[] = readonly unknown[], Output = unknown> {
  readonly name: string;
  readonly encode: (...input: Input) => EncodedCall;
  readonly decode: (reply: unknown) => Output;
  readonly readOnly: boolean;
}

/**
 * Binds one function of a library: how a call is encoded, how its reply is decoded. The types of the method follow.
 *
 * @param name The function's name in Lua.
 * @throws InvalidDefinitionError when Redis would refuse the name.
 */
export function defineFunction<const Input extends readonly unknown[], Output>(
  name: string,
  options: FunctionOptions<Input, Output>,
): FunctionDefinition<Input, Output> {
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new InvalidDefinitionError(
      `Redis refuses the function name ${JSON.stringify(name)}. Use letters, digits and _ only.`,
    );
  }
  return { name, encode: options.encode, decode: options.decode, readOnly: options.readOnly ?? false };
}

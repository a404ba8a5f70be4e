import type { FunctionDefinition } from '../define/function.js';
import type { FunctionTable, Library } from '../define/library.js';
import { toWire } from './arguments.js';
import type { Caller } from './caller.js';
import type { DeadlineTimer } from './deadline.js';

/** The functions of a library as methods: the parameters of `encode`, the result of `decode`. */
export type Handle<F extends FunctionTable> = {
  readonly [Name in keyof F]: F[Name] extends FunctionDefinition<infer Input, infer Output>
    ? (...input: Input) => Promise<Output>
    : never;
};

/** @param deadline Undefined for that of the caller. */
export function makeHandle<F extends FunctionTable>(
  library: Library<F>,
  caller: Caller,
  deadline: DeadlineTimer | undefined,
): Handle<F> {
  const methods = Object.entries(library.functions).map(([name, definition]) => {
    const { name: functionName, encode, decode, readOnly } = definition;
    const method = async (...input: readonly unknown[]) => {
      const { keys, args } = toWire(functionName, encode(...input));
      return decode(await caller.call({ functionName, library, keys, args, readOnly }, deadline));
    };
    return [name, method];
  });
  return Object.freeze(Object.fromEntries(methods));
}

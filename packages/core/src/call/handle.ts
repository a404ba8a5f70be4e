import type { FunctionDefinition } from '../define/function.js';
import type { FunctionTable, Library } from '../define/library.js';
import { toWire } from './arguments.js';
import type { PreparedCall } from './runner.js';

/** The functions of a library as methods: the parameters of `encode`, the result of `decode`. */
export type Handle<F extends FunctionTable> = {
  readonly [Name in keyof F]: F[Name] extends FunctionDefinition<infer Input, infer Output>
    ? (...input: Input) => Promise<Output>
    : never;
};

export function makeHandle<F extends FunctionTable>(
  library: Library<F>,
  call: (call: PreparedCall) => Promise<unknown>,
): Handle<F> {
  const methods = Object.entries(library.functions).map(([name, definition]) => {
    const { name: functionName, encode, decode, readOnly } = definition;
    const method = async (...input: readonly unknown[]) => {
      const { keys, args } = toWire(functionName, encode(...input));
      return decode(await call({ functionName, library, keys, args, readOnly }));
    };
    return [name, method];
  });
  return Object.freeze(Object.fromEntries(methods));
}

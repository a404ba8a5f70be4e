import type { FunctionDefinition } from '../define/function.js';
import type { FunctionTable, Library } from '../define/library.js';
import { toCommand } from './arguments.js';
import type { PreparedCall } from './runner.js';

/** The functions of a library as methods: the parameters of `encode`, the result of `decode`. */
export type Handle<F extends FunctionTable> = {
  readonly [Name in keyof F]: F[Name] extends FunctionDefinition<infer Input, infer Output>
    ? (...input: Input) => Promise<Output>
    : never;
};

export function makeHandle<F extends FunctionTable>(
  library: Library<F>,
  call: <Output>(call: PreparedCall, decode: (reply: unknown) => Output) => Promise<Output>,
): Handle<F> {
  const methods = Object.entries(library.functions).map(([name, definition]) => {
    const { name: functionName, encode, decode, readOnly } = definition;
    const method = (...input: readonly unknown[]): Promise<unknown> => {
      try {
        const encoded = encode(...input);
        const command = toCommand(functionName, readOnly, encoded);
        return call({ functionName, library, readOnly, key: encoded.keys[0], command }, decode);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    return [name, method];
  });
  return Object.freeze(Object.fromEntries(methods));
}

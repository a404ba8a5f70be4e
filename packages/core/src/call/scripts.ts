import { createHash } from 'node:crypto';
import type { ClientPort } from '../client/port.js';
import type { Library } from '../define/library.js';
import { FunctionCallError } from '../errors.js';
import type { PreparedCall, Runner } from './runner.js';

/**
 * Runs functions on servers that have none (Redis before 7, services that forbid FUNCTION): the library's own file, by
 * EVALSHA. The first line, which names the library, becomes a shim that collects what the file registers; every other
 * line stays where it is, so line numbers in errors are still those of the file.
 */
const SHIM =
  'local __f={} local redis=setmetatable({register_function=function(a,b) ' +
  "if type(a)=='table' then __f[a.function_name]=a.callback else __f[a]=b end end},{__index=redis})";

interface Script {
  readonly text: string;
  readonly sha: string;
}

export class ScriptRunner implements Runner {
  readonly mode = 'scripts';
  readonly #scripts = new Map<string, Script>();

  async run(port: ClientPort, call: PreparedCall): Promise<unknown> {
    const { functionName, library, command } = call;
    if (!library) throw unknownFunction(functionName);
    const script = this.#script(library, functionName);
    const [, , ...rest] = command;
    try {
      return await port.send(['EVALSHA', script.sha, ...rest], call);
    } catch (error) {
      // EVAL both runs the script and leaves it in the server's cache
      if (!port.isServerError(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return port.send(['EVAL', script.text, ...rest], call);
    }
  }

  #script(library: Library, functionName: string): Script {
    const id = `${library.hash}:${functionName}`;
    let script = this.#scripts.get(id);
    if (!script) {
      const text = toScript(library.code, functionName);
      script = { text, sha: createHash('sha1').update(text).digest('hex') };
      this.#scripts.set(id, script);
    }
    return script;
  }
}

function toScript(code: string, functionName: string): string {
  const body = code.slice(code.indexOf('\n'));
  return (
    `${SHIM}${body}${body.endsWith('\n') ? '' : '\n'}` +
    `if not __f['${functionName}'] then return redis.error_reply('ERR Function not found') end ` +
    `return __f['${functionName}'](KEYS,ARGV)`
  );
}

function unknownFunction(functionName: string): FunctionCallError {
  return new FunctionCallError(
    'ERR',
    `${functionName}: no library of this client registers it, and in scripts mode only those can be called. ` +
      'Give its library in "libraries".',
    { library: undefined, functionName, line: undefined },
  );
}

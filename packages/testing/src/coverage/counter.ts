import type { CounterCalls } from './points.js';

/** What a line of a server's log with hits begins with. */
export const MARK = 'redis-functions-coverage';

const NAME = '__rf_hit';

/** Valkey 9 cuts what a function logs at 1,024 characters. */
const LINE_CHARACTERS = 800;

/** How the counter is called. */
export const counterCalls: CounterCalls = {
  count: (id, write) => (write ? `${NAME}(${id},1)` : `${NAME}(${id})`),
  write: () => `${NAME}(nil,1)`,
  loaded: () => `${NAME}()`,
};

/**
 * The counter, one line of Lua for the top of a library. Hits leave the server in its log: nothing else can be written by a
 * function that is `no-writes`, outlives FUNCTION FLUSH, a reload and a crash, and is there in scripts as well.
 *
 * - While the library is being loaded it only counts: a call of `redis.log` then crashes Valkey 9.1.2. And nothing but
 *   syntax exists then, no `math`, no `pairs`.
 * - A line is written where something may raise or return and something new is to be told. What has been hit n times is
 *   told again after n/8 further hits: a loop of a million rounds writes about a hundred numbers, and not a million.
 *
 * @param id Of the text: it comes back with each line.
 */
export function counterLua(id: string): string {
  return (
    `local ${NAME} do local told,untold,lines,text,loaded={},{},{},'',false ` +
    `${NAME}=function(i,write) ` +
    'if i then local n,before=(untold[i] or 0)+1,told[i] or 0 ' +
    "if n*8>=before then told[i],untold[i]=before+n,0 text=text..' '..i if n>1 then text=text..':'..n end " +
    `if #text>${LINE_CHARACTERS} then lines[#lines+1]=text text='' end ` +
    'else untold[i]=n end ' +
    'elseif not write then loaded=true end ' +
    "if write and loaded and (text~='' or #lines>0) then lines[#lines+1]=text local said=lines lines,text={},'' " +
    `for j=1,#said do redis.log(redis.LOG_WARNING,'${MARK} ${id}'..said[j]) end end ` +
    'return true end end '
  );
}

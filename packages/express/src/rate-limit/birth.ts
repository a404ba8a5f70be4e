/**
 * Tells a middleware that is created by the handler of a request: it is called before the code that made it has given the
 * event loop back, which no request that comes in by itself can do. Nothing has to be read off a stack for that, and it
 * works after an `await` in the handler too.
 *
 * @returns Whether the code that called this is still at it.
 */
export function watchBirth(): () => boolean {
  let isNew = true;
  process.nextTick(() => {
    isNew = false;
  });
  return () => isNew;
}

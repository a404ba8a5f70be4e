import { useSignal } from '@preact/signals';
import { type Refusal, showRefusal } from '../live/request.js';

/**
 * Something that a button does: once at a time, and a refusal is said on the page.
 *
 * @param explain What the refusal means here.
 */
export function useAction(explain?: (refusal: Refusal) => string) {
  const busy = useSignal(false);
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    try {
      await work();
    } catch (error) {
      showRefusal(error, explain);
    } finally {
      busy.value = false;
    }
  };
  return { run: (work: () => Promise<unknown>) => void run(work), busy: busy.value };
}

import { MARK } from './counter.js';
import { addHits, coverageFolder } from './folder.js';

const LINE_OF_HITS = new RegExp(`${MARK} ([0-9a-f]+(?: \\d+(?::\\d+)?)*)`);

/**
 * What a server prints, without the hits that its libraries tell in it: those go to the coverage folder. While nothing is
 * covered, what it prints passes as it comes.
 */
export class ServerOutput {
  readonly #folder = coverageFolder();
  #unfinished = '';

  /** @returns What is for its log. */
  take(chunk: string): string {
    if (this.#folder === undefined) return chunk;
    const lines = (this.#unfinished + chunk).split('\n');
    this.#unfinished = lines.pop() ?? '';
    const hits: string[] = [];
    const others = lines.filter((line) => {
      const [, told] = LINE_OF_HITS.exec(line) ?? [];
      if (told !== undefined) hits.push(told);
      return told === undefined;
    });
    if (hits.length > 0) addHits(this.#folder, hits);
    return others.map((line) => `${line}\n`).join('');
  }
}

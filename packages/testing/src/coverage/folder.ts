import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names the folder in which hits are collected. It is set while Lua is covered, and inherited by every process. */
export const FOLDER_VARIABLE = 'REDIS_FUNCTIONS_COVERAGE';

/** A text that was run with counters, or could not be. */
export interface SeenText {
  readonly id: string;
  /** Of the library. */
  readonly name: string;
  /** Why nothing is counted in it. */
  readonly reason?: string;
}

/** Undefined while nothing is covered. */
export function coverageFolder(): string | undefined {
  return process.env[FOLDER_VARIABLE] || undefined;
}

/** Each process writes a file of its own, so that nobody writes into somebody else's line. */
export function addHits(folder: string, lines: readonly string[]): void {
  appendTo(folder, `hits-${process.pid}`, lines);
}

export function addSeen(folder: string, seen: SeenText): void {
  const file = join(folder, `text-${seen.id}.json`);
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(seen));
}

/** What was collected: of each text how often each of its points was hit. */
export interface Collected {
  readonly hits: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly seen: readonly SeenText[];
}

export function readCollected(folder: string): Collected {
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const texts = (prefix: string) =>
    files.filter((file) => file.startsWith(prefix)).map((file) => readFileSync(join(folder, file), 'utf8'));
  const hits = new Map<string, Map<number, number>>();
  for (const line of texts('hits-').flatMap((text) => text.split('\n'))) {
    const [id = '', ...told] = line.split(' ');
    if (id === '') continue;
    const ofText = hits.get(id) ?? new Map<number, number>();
    hits.set(id, ofText);
    for (const each of told) {
      const [point, times = 1] = each.split(':').map(Number);
      if (point) ofText.set(point, (ofText.get(point) ?? 0) + times);
    }
  }
  return { hits, seen: texts('text-').map((text) => JSON.parse(text) as SeenText) };
}

function appendTo(folder: string, name: string, lines: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
}

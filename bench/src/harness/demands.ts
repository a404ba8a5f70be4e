import { printTable } from './tables.js';

/** A number that was measured, and what it must be. */
export interface Demand {
  readonly figure: string;
  /** Of what to what, or of what. */
  readonly of: string;
  readonly value: number;
  /** At least: value ≥ bound. At most: value ≤ bound. Below: value < bound. */
  readonly must: 'at least' | 'at most' | 'below';
  readonly bound: number;
  /** What the numbers are counted in. Default: ×, for ratios. */
  readonly unit?: string;
}

const SIGNS = { 'at least': '≥', 'at most': '≤', below: '<' } as const;

export function isReached({ value, must, bound }: Demand): boolean {
  if (must === 'at least') return value >= bound;
  return must === 'at most' ? value <= bound : value < bound;
}

export function printDemands(title: string, demands: readonly Demand[]): void {
  printTable(
    title,
    ['figure', 'of', 'measured', 'must be', 'reached'],
    demands.map((demand) => {
      const { figure, of, value, must, bound, unit = '×' } = demand;
      return [figure, of, toText(value, unit), `${SIGNS[must]} ${bound} ${unit}`, isReached(demand) ? 'yes' : '**no**'];
    }),
  );
}

function toText(value: number, unit: string): string {
  return `${value < 0.1 ? value.toPrecision(2) : value.toFixed(2)} ${unit}`;
}

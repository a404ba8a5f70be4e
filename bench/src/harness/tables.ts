/** A table in Markdown: the first column is text, the others are numbers. */
export function printTable(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  console.log(toRow(columns));
  console.log(toRow(columns.map((_, index) => (index === 0 ? '---' : '---:'))));
  for (const row of rows) console.log(toRow(row));
}

export function toCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function toMs(value: number): string {
  return value.toFixed(value < 0.1 ? 3 : 2);
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

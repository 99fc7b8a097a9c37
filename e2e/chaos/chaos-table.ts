export type Row = readonly [title: string, text: string];

/** Two columns on standard output. */
export function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([title]) => title.length));
  process.stdout.write(rows.map(([title, text]) => `${title.padEnd(width)}  ${text}\n`).join(""));
}

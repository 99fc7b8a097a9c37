import { isGoalMet, type Figure } from "./figure.ts";

/** The figures of one part. */
export interface PartFigures {
  readonly part: string;
  readonly figures: readonly Figure[];
}

const header = ["part", "figure", "value", "goal", "", "compared with", "remark"];

/** A table for people: one line per figure. */
export function formatTable(parts: readonly PartFigures[]): string {
  const rows = [header, ...parts.flatMap(({ part, figures }) => figures.map((figure) => toRow(part, figure)))];
  const widths = header.map((_title, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const rightAligned = new Set([2, 3]);
  const lines = rows.map((row) =>
    row.map((cell, column) => (rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ").trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function toRow(part: string, figure: Figure): string[] {
  const met = isGoalMet(figure);
  const goal = figure.goal === undefined ? "" : `${figure.goal.kind === "at most" ? "≤" : "≥"} ${formatValue(figure.goal.value, figure.unit)}`;
  const baseline = figure.baseline === undefined ? "" : `${figure.against ?? ""} ${formatValue(figure.baseline, figure.unit)}`;
  return [part, figure.name, formatValue(figure.value, figure.unit), goal, met === undefined ? "" : met ? "met" : "MISSED", baseline, figure.remark ?? ""];
}

function formatValue(value: number, unit: Figure["unit"]): string {
  if (unit === "samples") return String(value);
  if (unit === "ratio") return `× ${value.toFixed(2)}`;
  const digits = unit === "s" ? 2 : 1;
  return `${value.toFixed(digits)} ${unit}`;
}

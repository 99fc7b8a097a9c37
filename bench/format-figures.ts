import type { ComparedFigure } from "./compare-builds.ts";
import { isGoalMet, type Figure } from "./figure.ts";

/** The figures of one part. */
export interface PartFigures {
  readonly part: string;
  readonly figures: readonly ComparedFigure[];
}

const header = ["part", "figure", "value", "goal", "", "compared with", "other build", "ratio", "remark"];

/** A table for people: one line per figure. */
export function formatTable(parts: readonly PartFigures[]): string {
  const rows = [header, ...parts.flatMap(({ part, figures }) => figures.map((figure) => toRow(part, figure)))];
  const widths = header.map((_title, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const rightAligned = new Set([2, 3, 6, 7]);
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function toRow(part: string, figure: ComparedFigure): string[] {
  const met = isGoalMet(figure);
  const { unit } = figure;
  const goal = formatGoal(figure);
  const baseline = figure.baseline === undefined ? "" : `${figure.against ?? ""} ${formatValue(figure.baseline, unit)}`;
  const verdict = met === undefined ? "" : met ? "met" : "MISSED";
  return [part, figure.name, formatValue(figure.value, figure.unit), goal, verdict, baseline, ...toComparison(figure), figure.remark ?? ""];
}

/** As "≤ 25.0 ms"; empty without a goal. */
export function formatGoal({ goal, unit }: Figure): string {
  return goal === undefined ? "" : `${goal.kind === "at most" ? "≤" : "≥"} ${formatValue(goal.value, unit)}`;
}

/** The other build's value, and this build's as a multiple of it. */
function toComparison({ value, other, unit }: ComparedFigure): [string, string] {
  if (other === undefined) return ["", ""];
  return [formatValue(other, unit), other === 0 ? "" : formatValue(value / other, "ratio")];
}

/** The value as people read it, with its unit. */
export function formatValue(value: number, unit: Figure["unit"]): string {
  if (unit === "samples" || unit === "calls" || unit === "things") return String(value);
  if (unit === "ratio") return `× ${value.toFixed(2)}`;
  const digits = unit === "s" ? 2 : 1;
  return `${value.toFixed(digits)} ${unit}`;
}

import { renderBarChart } from "./bar-chart.ts";
import { isGoalMet, type Figure } from "./figure.ts";
import { formatGoal, formatValue, type PartFigures } from "./format-figures.ts";

export interface PerformanceReport {
  /** One line: versions, kernel, cores, load. */
  readonly machine: string;
  /** As 2026-11-30. */
  readonly date: string;
  readonly parts: readonly (PartFigures & { readonly summary: string })[];
}

export interface PerformancePage {
  readonly markdown: string;
  /** SVG images by file name; the page expects them in `performance/` beside it. */
  readonly charts: ReadonlyMap<string, string>;
}

/** What `docs/performance.md` shows of a run over all parts. */
export function renderPerformancePage({ machine, date, parts }: PerformanceReport): PerformancePage {
  const charts = new Map<string, string>();
  const sections = parts.map(({ part, summary, figures }) => {
    const images = figures.flatMap((figure) => {
      if (figure.baseline === undefined) return [];
      const file = `${toSlug(`${part} ${figure.name}`)}.svg`;
      charts.set(file, renderChart(figure, figure.baseline));
      return [`![${toAltText(figure, figure.baseline)}](performance/${file})`];
    });
    return [`## ${part}`, `${capitalize(summary)}.`, renderTable(figures), ...images].join("\n\n");
  });
  return { markdown: `${renderHead(machine, date)}\n\n${sections.join("\n\n")}\n`, charts };
}

function renderHead(machine: string, date: string): string {
  return `# Performance

Written by \`npm run bench -- --write\`, which measures the built plugin on an engine of its own, on ${date}: ${machine}. Compare the
ratios, not the times of one machine with those of another. \`polling\` is a process over the same Podman that asks for the
statistics of each container every second, takes their absence for the end, and looks at what it has learnt every second, as a
driver without hints does. \`bare Podman\` is the same work by calls to Podman alone. What a figure is made of, and what was tried to
make it smaller, is in [decisions](decisions).`;
}

function renderTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, baseline, against, remark = "" } = figure;
    const compared = baseline === undefined ? "" : `${against ?? ""} ${formatValue(baseline, unit)}`;
    const ratio = baseline === undefined || baseline === 0 ? "" : formatValue(value / baseline, "ratio");
    const goal = figure.goal === undefined ? "" : `${formatGoal(figure)}, ${isGoalMet(figure) === true ? "met" : "missed"}`;
    return `| ${[name, formatValue(value, unit), goal, compared, ratio, remark].join(" | ")} |`;
  });
  return ["| figure | value | goal | compared with | ratio | measured |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

function renderChart(figure: Figure, baseline: number): string {
  const { name, value, unit, against } = figure;
  return renderBarChart(name, [
    { label: "this driver", value, text: formatValue(value, unit) },
    { label: against ?? "", value: baseline, text: formatValue(baseline, unit) },
  ]);
}

function toAltText({ name, value, unit, against }: Figure, baseline: number): string {
  return `${name}: this driver ${formatValue(value, unit)}, ${against ?? ""} ${formatValue(baseline, unit)}`;
}

function toSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

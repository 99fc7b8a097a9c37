/** One measured number, with what it should be and what it is compared with. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "KB" | "MB" | "MB/s" | "ratio" | "samples" | "calls" | "things";
  /** Where there is none, the figure only explains another one. */
  readonly goal?: { readonly kind: "at most" | "at least"; readonly value: number } | undefined;
  /** The same number for the comparison named in `against`, measured in the same run. */
  readonly baseline?: number | undefined;
  readonly against?: "polling" | "bare Podman" | undefined;
  /** How it was measured and how far it scatters. */
  readonly remark?: string | undefined;
}

export function isGoalMet(figure: Figure): boolean | undefined {
  if (figure.goal === undefined) return undefined;
  return figure.goal.kind === "at most" ? figure.value <= figure.goal.value : figure.value >= figure.goal.value;
}

export function atMost(value: number): Figure["goal"] {
  return { kind: "at most", value };
}

export function atLeast(value: number): Figure["goal"] {
  return { kind: "at least", value };
}

import { knownReds, type KnownReds } from "./known-reds.ts";
import type { TestResult } from "./results-reporter.ts";

/** What became of one cell, as it is kept between runs. */
export interface CellResult {
  readonly cell: string;
  /** `4.3.1`, `crun 1.21`; empty where it did not come to that. */
  readonly podman: string;
  readonly runtime: string;
  readonly host: string;
  /** The day of its run, `2026-11-29`. */
  readonly date: string;
  /** Why it was not run; undefined: it was. */
  readonly skipped?: string | undefined;
  readonly tests: readonly TestResult[];
}

/** How a cell stands: its failed tests, those with a reason that is none of the driver's apart. */
export interface Verdict {
  readonly explained: readonly { readonly test: TestResult; readonly reason: string }[];
  readonly open: readonly TestResult[];
}

/** Pure; `reds` default to those of this repository. */
export function judge({ cell, tests }: Pick<CellResult, "cell" | "tests">, reds: readonly KnownReds[] = knownReds): Verdict {
  const failed = tests.filter(({ outcome }) => outcome === "failed").map((test) => ({ test, reason: reasonOf(cell, test, reds) }));
  return {
    explained: failed.flatMap(({ test, reason }) => (reason === undefined ? [] : [{ test, reason }])),
    open: failed.flatMap(({ test, reason }) => (reason === undefined ? [test] : [])),
  };
}

/** What is known of a cell after some of its files were run again: of the others what was seen `before`. Pure. */
export function addTests(before: CellResult | undefined, after: CellResult, suites: readonly string[]): CellResult {
  const others = before === undefined || after.skipped !== undefined ? [] : before.tests.filter(({ file }) => !suites.includes(file));
  const order = [...new Set([...(before?.tests ?? []), ...after.tests].map(({ file }) => file))];
  const tests = [...others, ...after.tests].toSorted((one, other) => order.indexOf(one.file) - order.indexOf(other.file));
  return { ...after, tests };
}

/** The table of docs/compatibility.md, without its marks. */
export function toMatrixTable(results: readonly CellResult[]): string {
  return [
    "| Podman | Runtime | Host | Passed | Not passed | Date |",
    "| --- | --- | --- | --- | --- | --- |",
    ...results.map((result) => `| ${[...toHead(result), ...toOutcome(result), result.date].join(" | ")} |`),
  ].join("\n");
}

function toHead({ podman, runtime, host, cell }: CellResult): readonly string[] {
  return [podman === "" ? cell : podman, runtime, host];
}

function toOutcome(result: CellResult): readonly string[] {
  if (result.skipped !== undefined) return ["not run", result.skipped.replaceAll("|", "/")];
  const { explained, open } = judge(result);
  const passed = result.tests.filter(({ outcome }) => outcome === "passed");
  const files = [...new Set(passed.map(({ file }) => file))];
  const counts = files.map((file) => `${file} ${passed.filter((test) => test.file === file).length}`);
  const reasons = [...new Set(explained.map(({ reason }) => reason))].map(
    (reason) => `${explained.filter((one) => one.reason === reason).length}: ${reason}`,
  );
  return [counts.join(", "), [...reasons, ...open.map(({ file, name }) => `${file}: ${name}`)].join("; ")];
}

function reasonOf(cell: string, { file, name }: TestResult, reds: readonly KnownReds[]): string | undefined {
  return reds.find(({ cells, tests }) => cells.includes(cell) && (tests[file] ?? []).some((part) => name.includes(part)))?.reason;
}

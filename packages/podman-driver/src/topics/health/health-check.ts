import type { HealthConfig } from "@driver/libpod";
import type { HclValue } from "@driver/nomad-plugin";
import { parseDurationMs } from "../../config/parse-duration.ts";
import type { Report } from "../../config/report.ts";

export interface HealthCheckOptions {
  readonly test?: HclValue | undefined;
  readonly interval?: string | undefined;
  readonly timeout?: string | undefined;
  readonly retries?: number | undefined;
  readonly start_period?: string | undefined;
  readonly on_failure?: string | undefined;
  readonly startup?: StartupOptions | undefined;
}

interface StartupOptions {
  readonly test?: HclValue | undefined;
  readonly interval?: string | undefined;
  readonly timeout?: string | undefined;
  readonly success?: number | undefined;
}

/** A check of the task's own. */
export interface WantedCheck {
  /** As Podman takes it: the first word is CMD or CMD-SHELL. */
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  /** Podman's number for what is done with an unhealthy container; 0: nothing. */
  readonly onFailure: number;
  readonly startup: WantedStartupCheck | undefined;
}

/** A check that runs before the other one, until it has succeeded so many times. */
export interface WantedStartupCheck {
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly successes: number;
}

/** Those of Podman's command line, since the API has none of its own. */
const defaults = { interval: "30s", timeout: "30s", retries: 3, startPeriod: "0s" };
/** systemd and Podman would do little else below it. */
const shortestMs = 1000;
const failureActions: Readonly<Record<string, number>> = { none: 0, kill: 2, stop: 4 };

/** What a `healthcheck` block asks for; `off` for a test of NONE, undefined for an empty block. */
export function toCheck(options: HealthCheckOptions | undefined, report: Report): WantedCheck | "off" | undefined {
  if (options === undefined || isEmpty(options)) return undefined;
  const test = toTest(options.test, "healthcheck.test", report);
  if (test?.[0] === "NONE") return "off";
  return {
    test: test ?? [],
    intervalMs: toMs(options.interval ?? defaults.interval, "healthcheck.interval", { leastMs: shortestMs, report }),
    timeoutMs: toMs(options.timeout ?? defaults.timeout, "healthcheck.timeout", { leastMs: shortestMs, report }),
    retries: toCount(options.retries, "healthcheck.retries", defaults.retries, report),
    startPeriodMs: toMs(options.start_period ?? defaults.startPeriod, "healthcheck.start_period", { leastMs: 0, report }),
    onFailure: toAction(options.on_failure ?? "none", report),
    startup: toStartup(options.startup, report),
  };
}

type CheckTimes = Pick<WantedCheck, "test" | "intervalMs" | "timeoutMs">;
type CheckCounts = Pick<HealthConfig, "Retries" | "StartPeriod">;

/** All numbers, since what is left out means another thing to each version of Podman. */
export function toHealthConfig({ test, intervalMs, timeoutMs }: CheckTimes, more: CheckCounts): HealthConfig {
  return { Test: test, Interval: toNanoseconds(intervalMs), Timeout: toNanoseconds(timeoutMs), ...more };
}

export function toNanoseconds(durationMs: number): number {
  return durationMs * 1e6;
}

function isEmpty({ startup, ...options }: HealthCheckOptions): boolean {
  return Object.values(options).every(isUnset) && (startup === undefined || Object.values(startup).every(isUnset));
}

function isUnset(value: HclValue | undefined): boolean {
  return value === undefined || value === null || value === 0 || (Array.isArray(value) && value.length === 0);
}

/** A line for the shell, or a program with its arguments; Podman's and Docker's marks before it may stay there. */
function toTest(value: HclValue | undefined, key: string, report: Report): readonly string[] | undefined {
  if (typeof value === "string") return value === "none" ? ["NONE"] : ["CMD-SHELL", value];
  const words = Array.isArray(value) && value.every((word): word is string => typeof word === "string") ? value : [];
  const [first = ""] = words;
  const isMarked = first === "CMD" || first === "CMD-SHELL";
  if (first === "NONE" && words.length === 1) return words;
  if (first !== "" && first !== "NONE" && (!isMarked || (words[1] ?? "") !== "")) return isMarked ? words : ["CMD", ...words];
  report.refuse({
    key,
    problem: "is no command",
    remedy: 'write a line for the shell, a list such as ["/bin/check", "-q"], or ["NONE"] to have no check',
  });
  return undefined;
}

function toMs(text: string, key: string, { leastMs, report }: { readonly leastMs: number; readonly report: Report }): number {
  const durationMs = report.attempt<number | undefined>(key, undefined, () => parseDurationMs(text, key));
  if (durationMs === undefined) return leastMs;
  if (durationMs < leastMs) {
    report.refuse({ key, value: text, problem: "is too short", remedy: `at least ${leastMs / 1000}s would be right` });
  }
  // Beyond it a number of nanoseconds is rounded, and 100 days are long enough.
  if (durationMs > 8_640_000_000) report.refuse({ key, value: text, problem: "is too long", remedy: "at most 2400h would be right" });
  return durationMs;
}

function toCount(count: number | undefined, key: string, fallback: number, report: Report): number {
  if (count === undefined || count === 0) return fallback;
  if (count < 0 || count > 1000) report.refuse({ key, value: count, problem: "is out of range", remedy: "1 to 1000 would be right" });
  return count;
}

function toAction(word: string, report: Report): number {
  const action = Object.hasOwn(failureActions, word) ? failureActions[word] : undefined;
  if (action !== undefined) return action;
  const [problem, remedy] =
    word === "restart"
      ? ["would have Podman start the task again without Nomad's knowledge", "write kill or stop, and Nomad's restart block counts"]
      : ["is no action", "none, kill or stop would be right"];
  report.refuse({ key: "healthcheck.on_failure", value: word, problem, remedy });
  return 0;
}

function toStartup(options: StartupOptions | undefined, report: Report): WantedStartupCheck | undefined {
  if (options === undefined || Object.values(options).every(isUnset)) return undefined;
  const test = toTest(options.test, "healthcheck.startup.test", report);
  if (test?.[0] === "NONE") return undefined;
  return {
    test: test ?? [],
    intervalMs: toMs(options.interval ?? defaults.interval, "healthcheck.startup.interval", { leastMs: shortestMs, report }),
    timeoutMs: toMs(options.timeout ?? defaults.timeout, "healthcheck.startup.timeout", { leastMs: shortestMs, report }),
    successes: toCount(options.success, "healthcheck.startup.success", 1, report),
  };
}

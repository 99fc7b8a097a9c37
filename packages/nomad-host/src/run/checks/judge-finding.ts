import type { Service } from "../../job/job.ts";
import type { CheckFinding } from "./planned-check.ts";

type Verdict = CheckFinding["status"];

/** What an answer over HTTP means: to Nomad all below 400 is well, to Consul what begins with 2, and 429 is a warning. */
export function judgeHttp(statusCode: number, provider: Service["provider"]): Verdict {
  if (provider === "nomad") return statusCode < 400 ? "passing" : "critical";
  if (statusCode >= 200 && statusCode < 300) return "passing";
  return statusCode === 429 ? "warning" : "critical";
}

/** What the end of a script means (`nomad`: scriptCheck). */
export function judgeScript({ exitCode, signal }: { readonly exitCode: number; readonly signal: number }): Verdict {
  if (signal !== 0) return "critical";
  return exitCode === 0 ? "passing" : exitCode === 1 ? "warning" : "critical";
}

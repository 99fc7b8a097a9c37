import type { SetOption } from "@driver/nomad-plugin";
import type { Report } from "./report.ts";

/**
 * Refuses the keys that are known and not acted on, yet or for good: a database whose `volumes` were dropped in silence would lose its
 * data.
 * @param place where the keys are to be removed from, in words
 */
export function refuseUnapplied(whatIsSet: readonly SetOption[], place: string, report: Report): void {
  for (const { path, facts, value } of whatIsSet) {
    if (facts.refused !== undefined) report.refuse({ key: path, value, ...facts.refused, code: "unsupported" });
    if (facts.notYet === true) {
      report.refuse({ key: path, problem: "is not supported yet", remedy: `remove it from ${place}`, code: "unsupported" });
    }
  }
}

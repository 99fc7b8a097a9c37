import { allCapabilities, capabilityNames, toCapabilityName } from "../../config/capability-names.ts";
import type { Given } from "../topic.ts";

/** What a task may do beyond what every container may. Capabilities are without CAP_, each once; `ALL` is every one. */
export interface WantedCapabilities {
  readonly privileged: boolean;
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

interface CapabilityOptions {
  readonly privileged: boolean;
  readonly cap_add: readonly string[];
  readonly cap_drop: readonly string[];
}

/**
 * Checks what Podman would refuse after a pull, and what it drops without a word: `cap_drop` of a privileged container (podman 4.3
 * to 6.1).
 */
export function wantCapabilities(options: CapabilityOptions, { report, wish }: Pick<Given, "report" | "wish">): WantedCapabilities {
  const { privileged } = options;
  const add = toNames("cap_add", options.cap_add, report);
  const drop = toNames("cap_drop", options.cap_drop, report);
  if (privileged) wish({ kind: "privileged", key: "privileged" });
  for (const name of add) wish({ kind: "capability", key: "cap_add", name });
  for (const name of add) {
    if (drop.includes(name))
      report.refuse({ key: "cap_drop", value: name, problem: "is in cap_add as well", remedy: "remove it from one of them" });
  }
  if (privileged && drop.length > 0) {
    const remedy = "remove cap_drop, or replace privileged with cap_add for what the task needs";
    report.refuse({ key: "cap_drop", value: drop, problem: "has no effect beside privileged, which gives all capabilities", remedy });
  }
  return { privileged, add, drop };
}

function toNames(key: string, texts: readonly string[], report: Given["report"]): readonly string[] {
  const names = texts
    .filter((text) => text !== "")
    .flatMap((text) => {
      const name = toCapabilityName(text);
      if (name !== undefined) return [name];
      report.refuse({
        key,
        value: text,
        problem: "is no capability",
        remedy: `write ${allCapabilities} or one of ${capabilityNames.join(", ")}`,
      });
      return [];
    });
  return [...new Set(names)];
}

import type { Refusal } from "../config/report.ts";
import { isAtLeast, type PodmanVersion } from "../engine/engine-facts.ts";
import type { PlanContext } from "./topic.ts";

/** What a job asks for that an older Podman has not. */
export interface LaterFeature extends Pick<Refusal, "key" | "value"> {
  /** The first Podman that has it. */
  readonly since: PodmanVersion;
  /** What of the value needs it, where that is not the whole: `has the option dev, which`. */
  readonly part?: string;
  /** What the older one would do instead: `which would drop it without a word`. */
  readonly otherwise?: string;
  /** Default: `remove it, or update Podman`. */
  readonly remedy?: string;
}

/** Refuses what this Podman is too old for, in the one sentence that jobs are told then. Does nothing where it is new enough. */
export function refuseBefore(
  { key, value, since, part, otherwise, remedy = "remove it, or update Podman" }: LaterFeature,
  { facts, report }: Pick<PlanContext, "facts" | "report">,
): void {
  if (isAtLeast(facts, since)) return;
  const need = [part, `needs Podman ${since.join(".")}`].filter((text) => text !== undefined).join(" ");
  const problem = [need, `and ${facts.version} runs`, otherwise].filter((text) => text !== undefined).join(", ");
  report.refuse({ key, value, problem, remedy, code: "unsupported" });
}

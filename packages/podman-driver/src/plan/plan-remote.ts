import type { LogRoute } from "../config/log-route.ts";
import type { Report } from "../config/report.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import type { PlanPart } from "../topics/topic.ts";
import type { WantedTask } from "../topics/topics.ts";

export interface RemoteContext {
  readonly facts: Pick<EngineFacts, "isRemote">;
  readonly logRoute: LogRoute;
  readonly report: Report;
}

const notice =
  "this task's Podman is on another host: what is mounted, the allocation's folders too, and the addresses of ports must be there as " +
  "here; statistics and the task's end are as Podman tells them";

/**
 * What a task can have of a Podman on another host. Nothing of that host is to be seen here, and nothing of this one there: output that
 * nobody could read and a network namespace of this host are refused, and of the rest the task's owner is told.
 */
export function planRemote({ network }: Pick<WantedTask, "network">, { facts, logRoute: { from, to }, report }: RemoteContext): PlanPart {
  if (!facts.isRemote) return {};
  if (from.kind === "file" && to.by !== "off") {
    report.refuse({
      key: "logging.driver",
      problem: "keeps the output in a file of Podman's host, which is another one, where this driver cannot read it",
      remedy: 'use logging { driver = "journald" }, which is read through Podman, or "none"',
      code: "unsupported",
    });
  }
  if (network.network.kind === "group") {
    report.refuse({
      key: "socket",
      problem: "chooses a Podman on another host, and the group's network is one of this host",
      remedy: 'give the group no network with mode = "bridge", or choose a Podman of this host',
      code: "unsupported",
    });
  }
  return { notices: [notice], explain };
}

function explain(podmanText: string): ReturnType<NonNullable<PlanPart["explain"]>> {
  if (!/^statfs |^stat /.test(podmanText)) return undefined;
  return { text: "Podman is on another host, where this must be under the same path" };
}

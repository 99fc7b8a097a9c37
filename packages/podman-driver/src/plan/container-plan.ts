import type { ContainerInspect } from "@driver/libpod";
import type { Fields, TaskConfig } from "@driver/nomad-plugin";
import type { TaskSettings } from "../config/task-settings.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { planCeilings } from "../policy/ceilings.ts";
import { guardsBinds, toPathNeeds } from "../policy/path-needs.ts";
import { Report } from "../config/report.ts";
import type { Explanation, HostBind, Need, PlanContext, PlanPart, Shortfall, SpecPart, Topic } from "../topics/topic.ts";
import { topics, type WantedTask } from "../topics/topics.ts";
import { toContainerName } from "../topics/container-name.ts";
import { planHosts } from "./plan-hosts.ts";
import { planNames } from "./plan-names.ts";
import { planRemote } from "./plan-remote.ts";
import { toTaskTerms, type TaskTerms } from "./task-terms.ts";
import type { DecodedTask } from "./want-task.ts";

export interface PlanInput {
  readonly task: TaskConfig;
  readonly decoded: DecodedTask;
  readonly settings: TaskSettings;
  readonly facts: EngineFacts;
  /** Name of the socket of the Podman service that runs the task. */
  readonly socketName: string;
}

export interface ContainerPlan {
  readonly name: string;
  /** What `completeSpec` makes the spec of, once the needs are met. */
  readonly parts: readonly SpecPart[];
  /** What must be there first, in this order. */
  readonly needs: readonly Need[];
  /** All that is mounted of the host's files. */
  readonly binds: readonly HostBind[];
  /** True: the operator judges host paths, so what is mounted is looked at before the start. */
  readonly guardsBinds: boolean;
  /** What holds for the container as long as it is there. */
  readonly terms: TaskTerms;
  /** Things the task's owner should know, for task events. */
  readonly notices: readonly string[];
  /** What a failure of Podman's means for the job's author, from its words; undefined: they say all. */
  readonly explain: (podmanText: string) => Explanation | undefined;
  /** What of the made container does not fit; undefined: nothing was asked that Podman might not do, so nobody need look. */
  readonly findShortfalls: ((made: ContainerInspect) => readonly Shortfall[]) | undefined;
}

/**
 * Decides everything about a task's container on an engine. Pure.
 * @throws DriverError with all that the engine cannot do
 */
export function planContainer({ task, decoded, settings, facts, socketName }: PlanInput): ContainerPlan {
  const { wanted, wishes, configHash } = decoded;
  const { policy } = settings;
  const report = new Report();
  const planned = planAll(wanted, { task, settings, facts, socketName, configHash, report });
  const { security: { capabilities }, limits: { pidsLimit, memory: { swap: swapBytes } } } = wanted;
  const terms = toTaskTerms(wanted, facts);
  const asked = { ...capabilities, pidsLimit, memoryLimitBytes: terms.memoryLimitBytes, swapBytes };
  const names = planNames(wanted, { allocId: task.allocId, socketName });
  const parts: readonly PlanPart[] = [
    ...planned.map(({ part }) => part),
    { spec: names.spec },
    planHosts(wanted, { task, name: names.hostname, facts, report }),
    planRemote(wanted, { facts, logRoute: terms.logRoute, report }),
    { spec: planCeilings(asked, { policy, facts, report }) },
  ];
  report.throwIfAny();
  const paths = toPathNeeds(wishes, { policy, allocDir: task.allocDir });
  const checks = planned.flatMap(({ part, verify }) => (part.isVerified === true && verify !== undefined ? [verify] : []));
  return {
    name: toContainerName(task.name, task.allocId),
    parts,
    needs: [...paths, ...parts.flatMap(({ needs = [] }) => needs)],
    binds: parts.flatMap(({ binds = [] }) => binds),
    guardsBinds: guardsBinds(paths, policy),
    terms,
    notices: [...decoded.notices.map(({ message }) => message), ...parts.flatMap(({ notices = [] }) => notices)],
    explain: (podmanText) => parts.map(({ explain }) => explain?.(podmanText)).find((explanation) => explanation !== undefined),
    findShortfalls: checks.length === 0 ? undefined : (made) => checks.flatMap((verify) => verify(made)),
  };
}

interface Planned {
  readonly part: PlanPart;
  readonly verify: ((made: ContainerInspect) => readonly Shortfall[]) | undefined;
}

function planAll(wanted: WantedTask, context: PlanContext): readonly Planned[] {
  return Object.entries(topics).map(([name, one]) => {
    // Each topic takes what it wanted itself.
    const { plan, verify } = one as Topic<Fields, unknown>;
    const own = wanted[name as keyof typeof topics];
    return { part: plan(own, context), verify: verify === undefined ? undefined : (made) => verify(own, made) };
  });
}

import type { ContainerInspect, ContainerSpec } from "@driver/libpod";
import type { Fields, TaskConfig } from "@driver/nomad-plugin";
import type { TaskSettings } from "../config/task-settings.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { applyCeilings } from "../policy/apply-ceilings.ts";
import { toPathNeeds } from "../policy/path-needs.ts";
import { toGroupPod } from "../topics/network/group-pod.ts";
import { mergeSpecs } from "../topics/merge-parts.ts";
import { Report } from "../topics/report.ts";
import type { Explanation, Need, PlanContext, PlanPart, Shortfall, Topic } from "../topics/topic.ts";
import { topics } from "../topics/topics.ts";
import { toContainerName } from "../topics/container-name.ts";
import { nameHost } from "./host-names.ts";
import { joinPod } from "./join-pod.ts";
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
  /** All of the spec but what the needs give. */
  readonly spec: ContainerSpec;
  /** What must be there first, in this order. */
  readonly needs: readonly Need[];
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
  const report = new Report();
  const planned = planAll(decoded, { task, settings, facts, socketName, configHash: decoded.configHash, report });
  const parts = planned.map(({ part }) => part);
  const merged = mergeSpecs(parts.map((part) => part.spec ?? {}));
  const limited = applyCeilings(merged, { policy: settings.policy, defaultCapabilities: facts.defaultCapabilities, report });
  report.throwIfAny();
  const spec = finish(limited, { task, socketName });
  const name = toContainerName(task.name, task.allocId);
  const checks = planned.flatMap(({ part, verify }) => (part.isVerified === true && verify !== undefined ? [verify] : []));
  const env = Object.fromEntries([spec.env, ...parts.map((part) => part.env)].flatMap((one = {}) => Object.entries(one)));
  return {
    name,
    spec: { ...spec, env, name },
    needs: [
      ...toPathNeeds(decoded.wishes, { policy: settings.policy, allocDir: task.allocDir }),
      ...parts.flatMap(({ needs = [] }) => needs),
    ],
    notices: [...decoded.notices, ...parts.flatMap(({ notices = [] }) => notices)],
    explain: (podmanText) => parts.map(({ explain }) => explain?.(podmanText)).find((explanation) => explanation !== undefined),
    findShortfalls: checks.length === 0 ? undefined : (made) => checks.flatMap((verify) => verify(made)),
  };
}

/** What follows from the namespaces that several topics choose. */
function finish(spec: ContainerSpec, { task, socketName }: Pick<PlanInput, "task" | "socketName">): ContainerSpec {
  const named = nameHost(spec, task);
  const pod = toGroupPod(task.networkIsolation);
  return pod?.socketName === socketName ? joinPod(named, pod) : named;
}

interface Planned {
  readonly part: PlanPart;
  readonly verify: ((made: ContainerInspect) => readonly Shortfall[]) | undefined;
}

function planAll({ wanted }: DecodedTask, context: PlanContext): readonly Planned[] {
  return Object.entries(topics).map(([name, one]) => {
    // Each topic takes what it wanted itself.
    const { plan, verify } = one as Topic<Fields, unknown>;
    const own = wanted[name as keyof typeof topics];
    return { part: plan(own, context), verify: verify === undefined ? undefined : (made) => verify(own, made) };
  });
}

import type { ConfigBody, Position, TaskConfig } from "@driver/nomad-plugin";

import type { Task, TaskGroup } from "../../job/job.ts";
import type { PlacedProblem } from "./encode-task-config.ts";

/** Something about a task's `config` block. */
export interface ConfigRemark {
  /** Dotted path of the key below the block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
}

/** What a driver says of a task's config. */
export interface Findings<Remark> {
  /** What it would refuse at the start. Empty: nothing is wrong as far as it can tell. */
  readonly problems: readonly Remark[];
  /** What the job's author should know, though the task starts. */
  readonly notices: readonly Remark[];
}

/** What a driver that is known here says of a task before it is started. Pure. */
export type CheckConfig = (config: TaskConfig) => Findings<ConfigRemark>;

/** What `check` says of a task, each with its place: what is not in its `config` may come from the group's network. */
export function checkConfigOf(
  task: Task,
  config: TaskConfig,
  { check, group }: { readonly check: CheckConfig | undefined; readonly group: TaskGroup },
): Findings<PlacedProblem> {
  const { problems = [], notices = [] } = check?.(config) ?? {};
  const toPlaced = ({ path, message }: ConfigRemark): PlacedProblem => {
    const isOfNetwork = path.startsWith("dns.") && !holds(task.config, "dns");
    return { message, position: (isOfNetwork ? group.network?.position : undefined) ?? findPosition(task.config, path) };
  };
  return { problems: problems.map(toPlaced), notices: notices.map(toPlaced) };
}

/** Where the key of this dotted path stands, or else the nearest block or key around it. */
export function findPosition(body: ConfigBody, path: string): Position {
  const [name = "", ...inner] = path.replaceAll(/\[\d+\]/g, "").split(".");
  const attribute = body.attributes.find((candidate) => candidate.name === name);
  if (attribute !== undefined) return attribute.position;
  const block = body.blocks.find(({ type }) => type === name);
  if (block === undefined) return body.position;
  const isInside = inner.length > 0 && holds(block.body, inner[0] ?? "");
  return isInside ? findPosition(block.body, inner.join(".")) : block.position;
}

function holds(body: ConfigBody, name: string): boolean {
  return body.attributes.some((attribute) => attribute.name === name) || body.blocks.some(({ type }) => type === name);
}

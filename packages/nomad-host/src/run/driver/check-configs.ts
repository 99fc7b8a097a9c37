import type { ConfigBody, Position, TaskConfig } from "@driver/nomad-plugin";

import type { Task } from "../../job/job.ts";
import { RunError } from "../run-error.ts";

/** Something in a task's `config` block that the driver would refuse at the start. */
export interface ConfigProblem {
  /** Dotted path of the key below the block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
}

/** What a driver that is known here says of a task before it is started. Pure; empty: nothing is wrong as far as it can tell. */
export type CheckConfig = (config: TaskConfig) => readonly ConfigProblem[];

/** Throws one `job-invalid` for all that `check` finds, in the order of the file. Copies of a group count once. */
export function refuseBadConfigs(configs: Iterable<readonly [Task, TaskConfig]>, check: CheckConfig): void {
  const found = new Map<string, { readonly message: string; readonly position: Position }>();
  for (const [task, config] of configs) {
    for (const { path, message } of check(config)) {
      const position = findPosition(task.config, path);
      found.set(`${position.line}:${position.column} ${message}`, { message, position });
    }
  }
  const [first, ...further] = [...found.values()].sort(
    ({ position: left }, { position: right }) => left.line - right.line || left.column - right.column,
  );
  if (first !== undefined) throw new RunError("job-invalid", first.message, { position: first.position, further });
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

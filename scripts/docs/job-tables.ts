import type { BlockRule } from "@driver/nomad-host";
import { toTable } from "./markdown-table.ts";

interface PlacedRule {
  /** Names of the blocks around it and its own, e.g. `job > group`. */
  readonly path: string;
  readonly rule: BlockRule;
}

/** What `run` takes in each block of a job file. */
export function toSupportedTable(rule: BlockRule): string {
  return toTable(
    ["Block", "Arguments", "Blocks inside"],
    placeRules(rule).map(({ path, rule: { attributes = [], blocks = {}, isFree } }) => [
      path,
      isFree === true ? "any" : code(attributes),
      code(Object.keys(blocks)),
    ]),
  );
}

/** What `run` refuses, with the reason or the way out that it prints. */
export function toRefusedTable(rule: BlockRule): string {
  const rows = placeRules(rule).flatMap(({ path, rule: { refused = {} } }) => Object.entries(refused).map(([key, reason]) => [`\`${key}\``, path, reason]));
  return toTable(["Key", "In", "What `run` says"], rows);
}

/** What `run` reads and tells to be without effect. */
export function toNotedTable(rule: BlockRule): string {
  const rows = placeRules(rule).map(({ path, rule: { noted = {} } }) => [path, code(Object.keys(noted))]);
  return toTable(["In", "Keys without effect"], rows.filter(([, keys]) => keys !== ""));
}

/** A task may also stand in the job itself; its rule is shown once, where it first comes up. */
function placeRules(root: BlockRule): readonly PlacedRule[] {
  const seen = new Set<BlockRule>();
  const visit = (rule: BlockRule, path: string): readonly PlacedRule[] => {
    if (seen.has(rule)) return [];
    if (rule.isFree !== true) seen.add(rule);
    return [{ path, rule }, ...Object.entries(rule.blocks ?? {}).flatMap(([name, inner]) => visit(inner, `${path} > ${name}`))];
  };
  return visit(root, "job");
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

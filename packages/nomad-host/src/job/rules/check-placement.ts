import type { BlockReader, JobReading } from "../block-reader.ts";
import type { affinityKeys, constraintKeys, spreadKeys } from "../keys/constraint-keys.ts";
import type { JobType } from "../job.ts";
import { isGoPattern } from "../../pattern/is-go-pattern.ts";

type ConstraintReader = BlockReader<typeof constraintKeys>;
type AffinityReader = BlockReader<typeof affinityKeys>;

const comparisons: readonly string[] = ["=", "==", "is", "!=", "not", "<", "<=", ">", ">="];
const setOperators = ["set_contains", "set_contains_all", "set_contains_any"] as const;
const affinityShortcuts = ["version", "semver", "regexp", "set_contains_any", "set_contains_all", "set_contains"] as const;
const constraintShortcuts = ["version", "semver", "regexp", "set_contains"] as const;
const constraintOperators = [
  ...comparisons,
  ...[...setOperators, "version", "semver", "regexp"],
  ...["distinct_hosts", "distinct_property", "is_set", "is_not_set"],
];
const affinityOperators = [...comparisons, ...setOperators, "version", "semver", "regexp"];

/** What a Nomad server asks of the constraints and affinities of a job, group or task. */
export function checkScheduling(
  { constraints, affinities }: { readonly constraints: readonly ConstraintReader[]; readonly affinities: readonly AffinityReader[] },
  { type, level }: { readonly type: JobType; readonly level: "job" | "group" | "task" },
): void {
  for (const constraint of constraints) checkConstraint(constraint, level);
  if (type === "system") affinities[0]?.report("block affinity: a system job may not have one");
  else for (const affinity of affinities) checkAffinity(affinity);
}

export function checkSpreads(spreads: readonly BlockReader<typeof spreadKeys>[], type: JobType): void {
  if (type === "system") spreads[0]?.report("block spread: a system job may not have one");
  else for (const spread of spreads) checkSpread(spread);
}

/** An operator, and what it is given, as the server sees them: a shortcut stands for both. */
interface Condition {
  readonly operator: string;
  readonly value: string;
}

type ConditionKey = "operator" | "value" | (typeof affinityShortcuts)[number];

function toCondition(get: (key: ConditionKey) => string | undefined, shortcuts: readonly (typeof affinityShortcuts)[number][]): Condition {
  let condition = { operator: get("operator") ?? "", value: get("value") ?? "" };
  for (const operator of shortcuts) {
    const value = get(operator) ?? "";
    if (value !== "") condition = { operator, value };
  }
  return condition;
}

/** In JSON nothing stands for an operator that is not there (`nomad`). */
function withDefault(condition: Condition, { jsonNotes }: JobReading): Condition {
  return condition.operator === "" && jsonNotes === undefined ? { ...condition, operator: "=" } : condition;
}

function checkConstraint(reader: ConstraintReader, level: string): void {
  const shortcut = toCondition((key) => reader.get(key), constraintShortcuts);
  const distinctHosts = reader.get("distinct_hosts");
  const property = reader.get("distinct_property") ?? "";
  const hosts = distinctHosts === undefined ? shortcut : { operator: "distinct_hosts", value: String(distinctHosts) };
  const given = property === "" ? hosts : { ...hosts, operator: "distinct_property" };
  const condition = withDefault(given, reader.reading);
  const { operator, value } = condition;
  const attribute = property === "" ? (reader.get("attribute") ?? "") : property;
  checkOperator(condition, constraintOperators, (problem, key) => reader.report(`constraint: ${problem}`, key));
  if (operator === "distinct_property" && value !== "" && !isCount(value))
    reader.report(`constraint: distinct_property needs a count from 1 on, not ${JSON.stringify(value)}`, "value");
  if ((operator === "is_set" || operator === "is_not_set") && value !== "")
    reader.report(`constraint: the operator ${operator} takes no value`, "value");
  if (operator !== "distinct_hosts" && attribute === "") reader.report(`constraint: the operator ${operator} needs an attribute`);
  if (operator !== "distinct_hosts" && attribute !== "" && !isKnownTarget(attribute))
    reader.report(`constraint: there is no attribute ${JSON.stringify(attribute)}; known are ${knownTargets}`, "attribute");
  if (level === "task" && (operator === "distinct_hosts" || operator === "distinct_property"))
    reader.report(`constraint: ${operator} has no place in a task; it belongs into the group or the job`);
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && BigInt(text) > 0n && BigInt.asUintN(64, BigInt(text)) === BigInt(text);
}

const exactTargets = ["node.unique.id", "node.datacenter", "node.unique.name", "node.class", "node.pool"];
const targetPrefixes = ["attr.", "device.", "meta."];
const knownTargets = [...exactTargets, ...targetPrefixes.map((prefix) => `${prefix}…`)].join(", ");

/** A text without `$` in front is taken as it is. */
function isKnownTarget(target: string): boolean {
  if (!target.startsWith("$")) return true;
  const name = /^\$\{(.*)\}$/s.exec(target)?.[1];
  return name !== undefined && (exactTargets.includes(name) || targetPrefixes.some((prefix) => name.startsWith(prefix)));
}

function checkAffinity(reader: AffinityReader): void {
  const given = toCondition((key) => reader.get(key), affinityShortcuts);
  const condition = withDefault(given, reader.reading);
  checkOperator(condition, affinityOperators, (problem, key) => reader.report(`affinity: ${problem}`, key));
  if ((reader.get("attribute") ?? "") === "") reader.report("affinity: attribute is missing");
  const weight = Math.trunc(reader.get("weight") ?? 50);
  if (weight === 0 || weight < -100 || weight > 100) reader.report("affinity: weight must be from -100 to 100, and not 0", "weight");
}

function checkOperator(
  { operator, value }: Condition,
  known: readonly string[],
  report: (problem: string, key: ConditionKey) => void,
): void {
  if (!known.includes(operator)) report(`operator ${JSON.stringify(operator)} is unknown; known are ${known.join(", ")}`, "operator");
  else if ((comparisons.includes(operator) || operator.startsWith("set_")) && value === "")
    report(`the operator ${operator} needs a value`, "value");
  else if (operator === "regexp" && !isGoPattern(value)) report(`${JSON.stringify(value)} is no regular expression`, "regexp");
  else if ((operator === "version" || operator === "semver") && !isVersionRange(value, operator))
    report(`${JSON.stringify(value)} is no version range such as ">= 1.2, < 2.0"`, operator);
}

/** A range of versions (`go-version`); what follows the numbers begins with a digit behind a dash, or with `lead` and a letter. */
function rangeOf({ operators, lead }: { readonly operators: string; readonly lead: string }): RegExp {
  const tail = "[0-9A-Za-z~-]*(?:\\.[0-9A-Za-z~-]+)*";
  const release = `(?:-\\d+${tail}|${lead}[A-Za-z~-]+${tail})?`;
  const build = "(?:\\+[0-9A-Za-z~-]+(?:\\.[0-9A-Za-z~-]+)*)?";
  return new RegExp(`^\\s*(?:${operators})?\\s*v?(\\d+(?:\\.\\d+)*)${release}${build}\\s*$`);
}

const ranges = {
  version: rangeOf({ operators: "=|!=|>|<|>=|<=|~>", lead: "-?" }),
  semver: rangeOf({ operators: "=|!=|>|<|>=|<=", lead: "-" }),
};

/** Each number must fit into 64 bits (`go-version`). */
function isVersionRange(text: string, operator: "semver" | "version"): boolean {
  return text.split(",").every((part) => {
    const numbers = ranges[operator].exec(part)?.[1]?.split(".");
    return numbers?.every((number) => BigInt.asIntN(64, BigInt(number)) === BigInt(number)) === true;
  });
}

function checkSpread(reader: BlockReader<typeof spreadKeys>): void {
  if ((reader.get("attribute") ?? "") === "") reader.report("spread: attribute is missing");
  const weight = reader.get("weight") ?? 50;
  if (weight <= 0 || weight > 100) reader.report("spread: weight must be from 1 to 100", "weight");
  const seen = new Set<string>();
  let sum = 0;
  for (const target of reader.blocks("target")) {
    if (seen.has(target.label)) target.report(`target ${JSON.stringify(target.label)}: given twice`);
    seen.add(target.label);
    const percent = target.get("percent") ?? 0;
    if (percent > 100) target.report("target: percent must be from 0 to 100", "percent");
    sum += percent;
  }
  if (sum > 100) reader.report(`spread: the targets have ${sum} percent together, and may have 100`);
}

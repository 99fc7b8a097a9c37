import type { ContainerSpec } from "@driver/libpod";

/**
 * The spec that several topics make together: lists are joined in the order of the topics, maps are joined, and what only one of
 * them sets is taken. Two that set one value are a mistake of this program.
 * @throws TypeError that names the value
 */
export function mergeSpecs(parts: readonly Partial<ContainerSpec>[]): ContainerSpec {
  return parts.reduce<Record<string, unknown>>((merged, part) => mergeInto(merged, part, ""), {});
}

type Mergeable = Readonly<Record<string, unknown>>;

function mergeInto(merged: Mergeable, part: Mergeable, prefix: string): Record<string, unknown> {
  const result: Record<string, unknown> = { ...merged };
  for (const [name, value] of Object.entries(part)) {
    if (value !== undefined) result[name] = mergeValue(Object.hasOwn(result, name) ? result[name] : undefined, value, `${prefix}${name}`);
  }
  return result;
}

function mergeValue(before: unknown, value: unknown, path: string): unknown {
  if (before === undefined) return value;
  if (Array.isArray(before) && Array.isArray(value)) return [...(before as unknown[]), ...(value as unknown[])];
  if (isMap(before) && isMap(value)) return mergeInto(before, value, `${path}.`);
  throw new TypeError(`two topics set ${path} of the container spec`);
}

function isMap(value: unknown): value is Mergeable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { ContainerSpec } from "@driver/libpod";
import { mergeSpecs } from "../topics/merge-parts.ts";
import type { Met } from "../topics/met.ts";
import type { ContainerPlan } from "./container-plan.ts";

export type NamedSpec = ContainerSpec & { readonly name: string };

/** The whole spec of a plan's container, from what its needs have come to. Pure; nothing is changed about it afterwards. */
export function completeSpec({ name, parts }: Pick<ContainerPlan, "name" | "parts">, met: Met): NamedSpec {
  const specs = parts.flatMap(({ spec, given }) => [spec ?? {}, given?.(met) ?? {}]);
  const env = Object.fromEntries(parts.flatMap((part) => Object.entries(part.env ?? {})));
  return { ...mergeSpecs(specs), env, name };
}

import { compareText } from "@driver/hcl";

import type { TemplateFunction } from "../render-template.ts";
import { TemplateObject } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { formatVariablePath, parseVariablePath, parseVariablePrefix } from "../variable-path.ts";
import type { VariablePath } from "../variable-path.ts";
import { wantCount, wantText, wantWhole } from "./arguments.ts";
import { toItemMap, toMeta } from "./variable-values.ts";

/** A service of this run that can be found by its name. */
export interface FoundService {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly datacenter: string;
  readonly tags: readonly string[];
  readonly jobId: string;
  readonly allocId: string;
}

/** What the functions about this machine look into. */
export interface TemplateSurroundings {
  /** Of the task. */
  readonly env: Readonly<Record<string, string>>;
  /** Items of Nomad's variables, by path as `formatVariablePath` writes it. */
  readonly variables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly services: readonly FoundService[];
}

/** `env` and the functions about Nomad. */
export function hostFunctions({ env, variables, services }: TemplateSurroundings): Readonly<Record<string, TemplateFunction>> {
  const valueOf = (name: TemplateValue): string | undefined => (Object.hasOwn(env, wantText(name)) ? env[wantText(name)] : undefined);
  const metas = (values: readonly TemplateValue[]): readonly TemplateValue[] => {
    wantCount(values, 0, 1);
    return toMetas(values.length === 0 ? "" : wantText(values[0]), variables);
  };
  return {
    env: (...values) => (wantCount(values, 1), valueOf(values[0]) ?? ""),
    envOrDefault: (...values) => (wantCount(values, 2), valueOf(values[0]) ?? wantText(values[1])),
    mustEnv: (...values) => {
      wantCount(values, 1);
      const value = valueOf(values[0]) ?? "";
      if (value === "") throw new Error(`the environment has no ${wantText(values[0])}, or an empty one`);
      return value;
    },
    nomadVar: (...values) => (wantCount(values, 1), toItems(wantText(values[0]), variables)),
    nomadVarExists: (...values) => {
      wantCount(values, 1);
      const text = wantText(values[0]);
      return text !== "" && variables.has(formatVariablePath(wantPath(text)));
    },
    nomadVarList: (...values) => metas(values),
    nomadVarListSafe: (...values) => {
      const found = metas(values);
      if (found.length === 0) throw new Error("there is no such variable; give one with -nomad-var PATH=KEY=VALUE");
      return found;
    },
    nomadServices: () => toSnippets(services),
    nomadService: (...values) => findServices(values, services),
  };
}

function wantPath(text: string): VariablePath {
  const parsed = parseVariablePath(text);
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} is no path of a variable`);
  return parsed;
}

function toItems(text: string, variables: TemplateSurroundings["variables"]): TemplateValue {
  if (text === "") return toItemMap(undefined);
  const at = wantPath(text);
  const path = formatVariablePath(at);
  const items = variables.get(path);
  if (items === undefined) throw new Error(`there is no variable ${JSON.stringify(path)}; give it with -nomad-var ${path}=KEY=VALUE`);
  return toItemMap({ at, items });
}

/** What is told of the variables that begin like this, in their order. */
function toMetas(text: string, variables: TemplateSurroundings["variables"]): readonly TemplateValue[] {
  const wanted = parseVariablePrefix(text);
  if (wanted === undefined) throw new Error(`${JSON.stringify(text)} is no start of paths of variables`);
  const { path: prefix, namespace, region } = wanted;
  return [...variables.keys()]
    .flatMap((key) => parseVariablePath(key) ?? [])
    .filter((at) => at.path.startsWith(prefix) && at.region === region && (namespace === "*" || at.namespace === namespace))
    .toSorted((left, right) => compareText(left.namespace, right.namespace) || compareText(left.path, right.path))
    .map(toMeta);
}

function toSnippets(services: readonly FoundService[]): TemplateValue {
  const names = [...new Set(services.map(({ name }) => name))].toSorted();
  return names.map((name) => {
    const tags = new Set(services.filter((service) => service.name === name).flatMap((service) => service.tags));
    return new TemplateObject("*dependency.NomadServicesSnippet", { Name: name, Tags: [...tags].toSorted() });
  });
}

/** By name, or a count of them, chosen by a text; which ones is not told here as Nomad would, only that they stay the same. */
function findServices(values: readonly TemplateValue[], services: readonly FoundService[]): TemplateValue {
  if (values.length !== 1 && values.length !== 3) throw new Error("takes a name, or count, key and name");
  const name = wantText(values.at(-1));
  const found = services.filter((service) => service.name === name).toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const count = values.length === 3 ? Number(wantWhole(values[0])) : found.length;
  return found.slice(0, count).map(
    ({ id, node, address, port, datacenter, tags, jobId, allocId }) =>
      new TemplateObject("*dependency.NomadService", {
        ...{ ID: id, Name: name, Node: node, Address: address, Port: BigInt(port) },
        ...{ Datacenter: datacenter, Tags: tags, JobID: jobId, AllocID: allocId },
      }),
  );
}

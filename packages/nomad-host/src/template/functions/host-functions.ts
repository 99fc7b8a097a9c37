import { compareText, trimBlanks } from "@driver/hcl";

import type { TemplateFunction } from "../render-template.ts";
import { TemplateObject, UniformMap } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { wantCount, wantText, wantWhole } from "./arguments.ts";

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
  /** Items of Nomad's variables, by path. */
  readonly variables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly services: readonly FoundService[];
}

/** `env` and the functions about Nomad. */
export function hostFunctions({ env, variables, services }: TemplateSurroundings): Readonly<Record<string, TemplateFunction>> {
  const valueOf = (name: TemplateValue): string | undefined => (Object.hasOwn(env, wantText(name)) ? env[wantText(name)] : undefined);
  const metas = (values: readonly TemplateValue[]): readonly TemplateValue[] => {
    wantCount(values, 0, 1);
    const prefix = values.length === 0 ? "" : wantText(values[0]);
    return [...variables.keys()]
      .filter((path) => path.startsWith(prefix))
      .toSorted()
      .map(toMeta);
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
    nomadVarExists: (...values) => (wantCount(values, 1), findItems(toVariableKey(wantText(values[0])), variables) !== undefined),
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

/**
 * What is meant by `path@namespace.region`: slashes and blanks around it do not count, nor the default namespace and region
 * (`consul-template`: NVGetQueryRe).
 */
function toVariableKey(text: string): string {
  const trimmed = trimBlanks(text).replaceAll(/^\/+|\/+$/g, "");
  if (trimmed === "") return "";
  const [, path, namespace = "default", region = "global"] = /^\/?([^@]+)(?:@([\w-]+)(?:\.([\w-]+))?)?$/.exec(trimmed) ?? [];
  if (path === undefined) throw new Error(`${JSON.stringify(text)} is no path of a variable`);
  if (region !== "global") return `${path}@${namespace}.${region}`;
  return namespace === "default" ? path : `${path}@${namespace}`;
}

/** By a key of `toVariableKey`, however the variable's own path is spelt. */
function findItems(key: string, variables: TemplateSurroundings["variables"]): Readonly<Record<string, string>> | undefined {
  return variables.get(key) ?? [...variables].find(([path]) => toVariableKey(path) === key)?.[1];
}

function toItems(text: string, variables: TemplateSurroundings["variables"]): TemplateValue {
  const path = toVariableKey(text);
  if (path === "") return toItemMap({});
  const items = findItems(path, variables);
  if (items === undefined) throw new Error(`there is no variable ${JSON.stringify(path)}; give it with -nomad-var ${path}=KEY=VALUE`);
  return toItemMap(items);
}

function toItemMap(items: Readonly<Record<string, string>>): TemplateValue {
  const entries = Object.entries(items).toSorted(([left], [right]) => compareText(left, right));
  const methods = {
    Keys: entries.map(([key]) => key),
    Values: entries.map(([, value]) => value),
    Tuples: entries.map(([key, value]) => new TemplateObject("struct { K string; V string }", { K: key, V: value })),
  };
  const inner = entries.map(([key, value]) => [key, toItem(key, value)] as const);
  return new UniformMap(inner, { empty: toItem("", ""), type: "dependency.NomadVarItems", methods });
}

function toItem(key: string, value: string): TemplateValue {
  return new TemplateObject("dependency.NomadVarItem", { Key: key, Value: value }, value);
}

function toMeta(path: string): TemplateValue {
  return new TemplateObject("*dependency.NomadVarMeta", { Namespace: "default", Path: path, CreateIndex: 1n, ModifyIndex: 1n }, path);
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

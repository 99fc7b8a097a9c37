import { compareText } from "@driver/hcl";

import { SizedWhole, TemplateNil, TemplateObject, UniformMap } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import type { VariablePath } from "../variable-path.ts";
import { quoteText } from "./quote-go.ts";

/** A variable of Nomad's: where it is, and its items. */
interface Variable {
  readonly at: VariablePath;
  readonly items: Readonly<Record<string, string>>;
}

const noParent = new TemplateNil("*dependency.NomadVariable", { isText: false });
const noMeta = new TemplateNil("*dependency.NomadVarMeta", { isText: true });

/** The items of a variable; undefined: of none (`consul-template`: NomadVarItems). */
export function toItemMap(variable: Variable | undefined): TemplateValue {
  const entries = Object.entries(variable?.items ?? {}).toSorted(([left], [right]) => compareText(left, right));
  // Go asks one of the items for these.
  const parent = entries.length === 0 ? undefined : variable;
  return new UniformMap(
    entries.map(([key, value]) => [key, toItem(key, value, variable)] as const),
    {
      empty: toItem("", "", undefined),
      type: "dependency.NomadVarItems",
      methods: {
        Keys: () => entries.map(([key]) => key),
        Values: () => entries.map(([, value]) => value),
        Tuples: () => entries.map(([key, value]) => new TemplateObject("struct { K string; V string }", { K: key, V: value })),
        ItemsMap: () => new Map(entries),
        Parent: () => toParent(parent),
        Metadata: () => (parent === undefined ? noMeta : toMeta(parent.at)),
      },
    },
  );
}

function toItem(key: string, value: string, parent: Variable | undefined): TemplateValue {
  return new TemplateObject(
    "dependency.NomadVarItem",
    { Key: key, Value: value },
    {
      text: value,
      json: () => toJsonOfItem(value),
      methods: {
        String: () => value,
        Parent: () => toParent(parent),
        Metadata: () => {
          if (parent === undefined) throw new Error("an item that there is not has no metadata");
          return toMeta(parent.at);
        },
      },
    },
  );
}

/** Written as Go quotes a text, which must happen to be JSON. */
function toJsonOfItem(value: string): string {
  const quoted = quoteText(value, { flags: "" });
  try {
    JSON.parse(quoted);
    return quoted;
  } catch (error) {
    throw new Error(`JSON has no form for the item ${quoted}`, { cause: error });
  }
}

function toParent(variable: Variable | undefined): TemplateValue {
  if (variable === undefined) return noParent;
  const fields = { ...metaFields(variable.at), Items: toItemMap(variable) };
  return new TemplateObject("*dependency.NomadVariable", fields, { methods: { Metadata: () => toMeta(variable.at) } });
}

/** What a list tells of a variable. */
export function toMeta(at: VariablePath): TemplateValue {
  return new TemplateObject("*dependency.NomadVarMeta", metaFields(at), { text: at.path, methods: { String: () => at.path } });
}

/** Nobody counts here how often a variable has been changed, and when. */
function metaFields({ namespace, path }: VariablePath): Readonly<Record<string, TemplateValue>> {
  const index = { CreateIndex: new SizedWhole("uint64", 1n), ModifyIndex: new SizedWhole("uint64", 1n) };
  return { Namespace: namespace, Path: path, ...index, CreateTime: noTime, ModifyTime: noTime };
}

const zeroTime = "1970-01-01 00:00:00 +0000 UTC";
const noTime = new TemplateObject(
  "dependency.nanoTime",
  {},
  {
    text: zeroTime,
    json: () => "0",
    methods: {
      String: () => zeroTime,
      Time: () => new TemplateObject("time.Time", {}, { text: zeroTime, json: () => '"1970-01-01T00:00:00Z"' }),
    },
  },
);

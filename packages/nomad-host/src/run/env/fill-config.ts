import { createScope, evaluate, HclError, isRecord, isTemplateText, parseTemplateText, suggestName, toText, withNames } from "@driver/hcl";
import type { Dialect, HclRecord, HclValue, ParseHcl, Position } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";
import { RunError } from "../run-error.ts";

/** The functions that a Nomad client knows; `hasindex` and `int` are not to be had here. */
const clientFunctions = [
  ...["abs", "coalesce", "concat", "jsondecode", "jsonencode", "length", "lower"],
  ...["max", "min", "reverse", "strlen", "substr", "upper"],
];

export interface FillOptions {
  /** What may be referred to. */
  readonly names: HclRecord;
  readonly parse: ParseHcl;
}

/**
 * Evaluates each text of a `config` block, and the keys of its maps, as an HCL template: a Nomad client does this with what
 * the server has stored, whatever form the job came in (`nomad`: ParseHclInterface). Rejects with `job-invalid` at the
 * key's place for an unknown name or what is no template.
 */
export async function fillConfig(body: ConfigBody, options: FillOptions): Promise<ConfigBody> {
  const attributes = body.attributes.map(async ({ name, value, position }) => ({
    name,
    position,
    value: await fillValue(value, { ...options, key: name, position }),
  }));
  const blocks = body.blocks.map(async ({ type, labels, position, body: inner }) => ({
    type,
    position,
    labels,
    body: await fillConfig(inner, options),
  }));
  return { position: body.position, attributes: await Promise.all(attributes), blocks: await Promise.all(blocks) };
}

interface Place extends FillOptions {
  readonly key: string;
  readonly position: Position;
}

async function fillValue(value: HclValue, place: Place): Promise<HclValue> {
  if (typeof value === "string") return isTemplateText(value) ? fillText(value, place) : value;
  if (value === null || typeof value !== "object") return value;
  if (!isRecord(value)) return Promise.all(value.map((item) => fillValue(item, place)));
  const entries = Object.entries(value).map(async ([key, item]) => [await fillKey(key, place), await fillValue(item, place)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function fillKey(key: string, place: Place): Promise<string> {
  const text = isTemplateText(key) ? toText(await fillText(key, place)) : key;
  if (text !== undefined) return text;
  throw refuse(`${JSON.stringify(key)} gives no text, which a key must be`, place);
}

async function fillText(text: string, place: Place): Promise<HclValue> {
  const source = { name: place.key, text };
  try {
    const expression = await parseTemplateText(source, place.parse);
    const scope = createScope(source, { baseDir: "/", dialect: clientDialect });
    return evaluate(expression, withNames(scope, Object.entries(place.names)));
  } catch (error) {
    if (error instanceof HclError) throw refuse(`${shorten(text)}: ${error.message}`, place);
    throw error;
  }
}

const clientDialect: Dialect = {
  functions: clientFunctions,
  explainUnknown: (name, known) =>
    `unknown variable ${name}; a literal \${…} is written $$$\{…} here, since config is evaluated twice${suggestName(name, [...known, "var", "local"])}`,
};

function shorten(text: string): string {
  const line = text.trim().split("\n").find(isTemplateText) ?? text;
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function refuse(message: string, { key, position }: Place): RunError {
  return new RunError("job-invalid", `config ${key}: ${message}`, { position });
}

import {
  createScope,
  evaluate,
  findNames,
  HclError,
  isRecord,
  isTemplateText,
  parseTemplateText,
  suggestName,
  toText,
  withNames,
} from "@driver/hcl";
import type { Dialect, HclRecord, HclValue, ParseHcl, Position } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";

/** The functions that a Nomad client knows; `hasindex` and `int` are not to be had here. */
const clientFunctions = [
  ...["abs", "coalesce", "concat", "jsondecode", "jsonencode", "length", "lower"],
  ...["max", "min", "reverse", "strlen", "substr", "upper"],
];

export interface FillOptions {
  /** What may be referred to. */
  readonly names: HclRecord;
  readonly parse: ParseHcl;
  /** True: texts about `secret.…` stay as they are, since secrets are refused by themselves. Default: false. */
  readonly hasSecrets?: boolean | undefined;
  /** Called for what cannot be filled in, which stays as it is. */
  report(problem: { readonly message: string; readonly position: Position }): void;
}

/**
 * Evaluates each text of a `config` block, and the keys of its maps, as an HCL template: a Nomad client does this with what
 * the server has stored, whatever form the job came in (`nomad`: ParseHclInterface). An unknown name, or what is
 * no template, is reported at the key's place.
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
  if (text === undefined) refuse(`${JSON.stringify(key)} gives no text, which a key must be`, place);
  return text ?? key;
}

async function fillText(text: string, place: Place): Promise<HclValue> {
  const source = { name: place.key, text };
  try {
    const expression = await parseTemplateText(source, place.parse);
    if (place.hasSecrets === true && findNames(expression, "secret").length > 0) return text;
    const scope = createScope(source, { baseDir: "/", dialect: clientDialect });
    return evaluate(expression, withNames(scope, Object.entries(place.names)));
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    refuse(`${shorten(text)}: ${error.message}`, place);
    return text;
  }
}

const literalHint = "a literal ${…} is written $$${…} here, since config is evaluated twice";

const clientDialect: Dialect = {
  functions: clientFunctions,
  explainUnknown: (name, known) => `unknown variable ${name}; ${literalHint}${suggestName(name, [...known, "var", "local"])}`,
};

function shorten(text: string): string {
  const line = text.trim().split("\n").find(isTemplateText) ?? text;
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function refuse(message: string, { key, position, report }: Place): void {
  report({ message: `config ${key}: ${message}`, position });
}

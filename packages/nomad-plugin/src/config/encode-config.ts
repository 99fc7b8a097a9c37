import { convertValue, describeType, isList, isRecord, suggestName } from "@driver/hcl/values";
import type { ConfigBody, HclRecord, HclValue, ValueType } from "@driver/hcl/values";
import type { Spec } from "../hclspec.ts";
import { bodiesOf, bodyOfRecord, contentOf, singleBody, valuesOfBlocks, type Site } from "./body-content.ts";
import { ConfigError } from "./config-error.ts";
import { missingBlock, missingKey } from "./config-option.ts";
import { toDeclaredShape } from "./declared-shape.ts";
import { encodeMsgpack } from "./msgpack.ts";
import { toRightForm } from "./right-form.ts";
import { readSchemaLiteral, readSchemaType } from "./schema-text.ts";
import { toWireNumber } from "./wire-number.ts";

/**
 * Checks a config body against a plugin's schema and encodes it, as Nomad does before it calls the plugin: keys sorted,
 * all of the schema present, null for what is not set.
 * @throws ConfigError with position, key path and what would be right; SyntaxError when the schema itself is wrong
 */
export function encodeConfig(spec: Spec, body: ConfigBody): Uint8Array {
  return encodeMsgpack(evaluateConfig(spec, body));
}

/** Like `encodeConfig`, before the encoding. */
export function evaluateConfig(spec: Spec, body: ConfigBody): HclValue {
  return toWire(evaluateBody(spec, body, ""));
}

function toWire(value: HclValue): HclValue {
  if (typeof value === "number" || typeof value === "bigint") return toWireNumber(value);
  if (isList(value)) return value.map(toWire);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toWire(entry)])) : value;
}

type SpecOf<K extends Spec["kind"]> = Extract<Spec, { readonly kind: K }>;

/** Where a spec is evaluated: `name` is the key it inherits from its object, `prefix` the path of the body. */
interface Scope {
  readonly body: ConfigBody;
  readonly prefix: string;
  readonly name: string;
}

function evaluateBody(spec: Spec, body: ConfigBody, path: string): HclValue {
  const prefix = path === "" ? "" : `${path}.`;
  refuseUnknownKeys(new Set(namesIn(spec, "")), body, prefix);
  return evaluateSpec(spec, { body, prefix, name: "" });
}

function evaluateSpec(spec: Spec, scope: Scope): HclValue {
  switch (spec.kind) {
    case "object":
      return mapEntries(spec.attributes, (child, name) => evaluateSpec(child, { ...scope, name }));
    case "array":
      return spec.values.map((child) => evaluateSpec(child, { ...scope, name: "" }));
    case "attr":
      return evaluateAttr(spec, scope);
    case "block":
      return evaluateBlock(spec, scope);
    case "block-attrs":
      return evaluateBlockAttrs(spec, scope);
    case "block-list":
    case "block-set":
      return evaluateBlockList(spec, scope);
    case "block-map":
      return evaluateBlockMap(spec, scope);
    case "default":
      return evaluateSpec(spec.primary, { ...scope, name: "" }) ?? evaluateSpec(spec.fallback, { ...scope, name: "" });
    case "literal":
      return readSchemaLiteral(spec.value);
  }
}

function evaluateAttr(spec: SpecOf<"attr">, scope: Scope): HclValue {
  const site = siteOf(spec, scope);
  const type = readSchemaType(spec.type);
  const content = contentOf(scope.body, nameOf(spec, scope.name), site.path);
  if (content.kind === "absent") {
    if (spec.required) throw new ConfigError(missingKey(site.path), site);
    return null;
  }
  const here = { ...site, position: content.position };
  if (content.kind === "argument") return convertArgument(content.value, type, here);
  const takesBlocks = type.kind === "any" || type.kind === "map" || type.kind === "object" || type.kind === "list" || type.kind === "set";
  if (takesBlocks) return convertArgument(valuesOfBlocks(content.blocks), type, here);
  throw new ConfigError(`config key ${site.path} is ${describeType(type)}, not a block: write ${site.path} = …`, here);
}

function convertArgument(value: HclValue, type: ValueType, { path: key, position }: Site): HclValue {
  return convertValue(
    toDeclaredShape(value, type),
    type,
    (problem, path) => {
      const right = path === "" ? toRightForm(key, value, type) : "";
      return new ConfigError(`config key ${key}${path} ${problem}${right}`, { path: `${key}${path}`, position });
    },
  );
}

function evaluateBlock(spec: SpecOf<"block">, scope: Scope): HclValue {
  const site = siteOf(spec, scope);
  const body = singleBody(contentOf(scope.body, nameOf(spec, scope.name), site.path), site);
  if (body !== undefined) return evaluateBody(spec.nested, body, site.path);
  return spec.required ? refuseMissingBlock(site) : null;
}

function evaluateBlockAttrs(spec: SpecOf<"block-attrs">, scope: Scope): HclValue {
  const site = siteOf(spec, scope);
  const body = singleBody(contentOf(scope.body, nameOf(spec, scope.name), site.path), site);
  if (body === undefined) return spec.required ? refuseMissingBlock(site) : null;
  const [nested] = body.blocks;
  if (nested !== undefined) {
    throw new ConfigError(`config block ${site.path} takes only arguments, not the block ${nested.type}`, {
      path: `${site.path}.${nested.type}`,
      position: nested.position,
    });
  }
  const type = readSchemaType(spec.type);
  const entries = body.attributes.map(
    ({ name, value, position }) => [name, convertArgument(value, type, { path: `${site.path}.${name}`, position })] as const,
  );
  return Object.fromEntries(entries);
}

function evaluateBlockList(spec: SpecOf<"block-list" | "block-set">, scope: Scope): HclValue {
  const site = siteOf(spec, scope);
  const bodies = bodiesOf(contentOf(scope.body, nameOf(spec, scope.name), site.path), site.path);
  const place = { path: site.path, position: bodies[0]?.position ?? site.position };
  if (bodies.length < spec.minItems)
    throw new ConfigError(`config block ${site.path}: at least ${spec.minItems} needed, ${bodies.length} given`, place);
  if (spec.maxItems > 0 && bodies.length > spec.maxItems) {
    throw new ConfigError(`config block ${site.path}: at most ${spec.maxItems} allowed, ${bodies.length} given`, place);
  }
  const values = bodies.map((body, index) => evaluateBody(spec.nested, body, `${site.path}[${index}]`));
  if (spec.kind === "block-list") return values;
  return [...new Map(values.map((value) => [Buffer.from(encodeMsgpack(value)).toString("latin1"), value])).values()];
}

function evaluateBlockMap(spec: SpecOf<"block-map">, scope: Scope): HclValue {
  const site = siteOf(spec, scope);
  const content = contentOf(scope.body, nameOf(spec, scope.name), site.path);
  if (content.kind === "absent") return {};
  if (content.kind === "blocks") {
    const blocks = content.blocks.map(({ labels, body, position }) => ({ labels, body, position }));
    return groupByLabels(spec, blocks, { ...site, position: content.position });
  }
  return groupByLabels(spec, unfoldLabels(content.value, spec.labels.length, { ...site, position: content.position }), site);
}

interface LabelledBody {
  readonly labels: readonly string[];
  readonly body: ConfigBody;
}

/** Blocks written as nested maps, one level a label. */
function unfoldLabels(value: HclValue, depth: number, site: Site): LabelledBody[] {
  if (!isRecord(value)) throw new ConfigError(`config key ${site.path} must be a map by label`, site);
  if (depth === 0) return [{ labels: [], body: bodyOfRecord(value, site.position) }];
  return Object.entries(value).flatMap(([label, entry]) =>
    unfoldLabels(entry, depth - 1, { ...site, path: `${site.path}.${label}` }).map(({ labels, body }) => ({
      labels: [label, ...labels],
      body,
    })),
  );
}

function groupByLabels(spec: SpecOf<"block-map">, bodies: readonly LabelledBody[], site: Site, depth = 0): HclValue {
  const groups = Map.groupBy(bodies, (body) => body.labels[depth]);
  const entries = [...groups].map(([label, group]): readonly [string, HclValue] => {
    const first = group[0];
    if (label === undefined || first === undefined)
      throw new ConfigError(`config block ${site.path} needs a label: ${spec.labels.join(", ")}`, site);
    const path = `${site.path}.${label}`;
    if (depth + 1 < spec.labels.length) return [label, groupByLabels(spec, group, { ...site, path }, depth + 1)];
    if (group[1] !== undefined) throw new ConfigError(`config block ${path} is there twice`, { path, position: group[1].body.position });
    return [label, evaluateBody(spec.nested, first.body, path)];
  });
  return Object.fromEntries(entries);
}

/** Every name a body may use under `spec`; nested bodies have their own. */
function namesIn(spec: Spec, inherited: string): string[] {
  switch (spec.kind) {
    case "object":
      return Object.entries(spec.attributes).flatMap(([name, child]) => namesIn(child, name));
    case "array":
      return spec.values.flatMap((child) => namesIn(child, ""));
    case "default":
      return [...namesIn(spec.primary, ""), ...namesIn(spec.fallback, "")];
    case "literal":
      return [];
    default:
      return [nameOf(spec, inherited)];
  }
}

function refuseUnknownKeys(known: ReadonlySet<string>, body: ConfigBody, prefix: string): void {
  const given = [
    ...body.attributes.map(({ name, position }) => ({ name, position })),
    ...body.blocks.map(({ type, position }) => ({ name: type, position })),
  ];
  const unknown = given.find(({ name }) => !known.has(name));
  if (unknown === undefined) return;
  const hint = suggestName(unknown.name, known) || `; known are ${[...known].sort().join(", ")}`;
  throw new ConfigError(`config key ${prefix}${unknown.name} is unknown${hint}`, {
    path: `${prefix}${unknown.name}`,
    position: unknown.position,
  });
}

function nameOf(spec: { readonly name: string }, inherited: string): string {
  const name = spec.name === "" ? inherited : spec.name;
  if (name === "") throw new SyntaxError("schema: an attribute or block inside default, array or nested has no name");
  return name;
}

function siteOf(spec: { readonly name: string }, scope: Scope): Site {
  return { path: `${scope.prefix}${nameOf(spec, scope.name)}`, position: scope.body.position };
}

function refuseMissingBlock(site: Site): never {
  throw new ConfigError(missingBlock(site.path), site);
}

function mapEntries(specs: Readonly<Record<string, Spec>>, evaluate: (spec: Spec, name: string) => HclValue): HclRecord {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, evaluate(spec, name)]));
}

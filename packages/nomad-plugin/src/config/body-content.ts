import { isList, isRecord, type ConfigBlock, type ConfigBody, type HclRecord, type HclValue, type Position } from "@driver/hcl/values";
import { ConfigError } from "./config-error.ts";

/** What an error points at: the dotted path of a key, and where it stands. */
export interface Site {
  readonly path: string;
  readonly position: Position;
}

/** What a body says under one name: an argument, or any number of blocks. */
export type Content =
  | { readonly kind: "absent" }
  | { readonly kind: "argument"; readonly value: HclValue; readonly position: Position }
  | { readonly kind: "blocks"; readonly blocks: readonly ConfigBlock[]; readonly position: Position };

/** @throws ConfigError when the name is given twice as an argument, or both as argument and as block */
export function contentOf(body: ConfigBody, name: string, path: string): Content {
  const [argument, second] = body.attributes.filter((attribute) => attribute.name === name);
  const blocks = body.blocks.filter((candidate) => candidate.type === name);
  const surplus = second ?? (argument === undefined ? undefined : blocks[0]);
  if (surplus !== undefined) throw new ConfigError(`config key ${path} is set twice; keep one`, { path, position: surplus.position });
  if (argument !== undefined) return { kind: "argument", value: argument.value, position: argument.position };
  const [first] = blocks;
  return first === undefined ? { kind: "absent" } : { kind: "blocks", blocks, position: first.position };
}

/** The bodies a name stands for: its blocks, or the maps of an argument written in their place. */
export function bodiesOf(content: Content, path: string): readonly ConfigBody[] {
  if (content.kind === "absent") return [];
  if (content.kind === "blocks") return content.blocks.map((block) => bodyOfUnlabelled(block, path));
  const { value, position } = content;
  if (value === null) return [];
  const values = isList(value) ? value : [value];
  return values.map((entry) => {
    if (!isRecord(entry)) throw new ConfigError(`config key ${path} must be a block: ${path} { … }`, { path, position });
    return bodyOfRecord(entry, position);
  });
}

/** Blocks as plain values, for arguments that may be written as blocks, such as `labels { a = "b" }`. */
export function valuesOfBlocks(blocks: readonly ConfigBlock[]): readonly HclRecord[] {
  return blocks.map((block) => block.labels.reduceRight((value, label): HclRecord => ({ [label]: value }), valueOfBody(block.body)));
}

export function bodyOfRecord(record: HclRecord, position: Position): ConfigBody {
  return { attributes: Object.entries(record).map(([name, value]) => ({ name, value, position })), blocks: [], position };
}

/** The one body of a name that may be there once. */
export function singleBody(content: Content, site: Site): ConfigBody | undefined {
  const [body, second] = bodiesOf(content, site.path);
  if (second !== undefined)
    throw new ConfigError(`config block ${site.path} is there twice; only one is allowed`, { path: site.path, position: second.position });
  return body;
}

function bodyOfUnlabelled(block: ConfigBlock, path: string): ConfigBody {
  const [label] = block.labels;
  if (label === undefined) return block.body;
  throw new ConfigError(`config block ${path} takes no label, but has ${JSON.stringify(label)}`, { path, position: block.position });
}

function valueOfBody(body: ConfigBody): HclRecord {
  const types = [...new Set(body.blocks.map((block) => block.type))];
  return Object.fromEntries([
    ...body.attributes.map(({ name, value }) => [name, value] as const),
    ...types.map((type) => [type, valuesOfBlocks(body.blocks.filter((block) => block.type === type))] as const),
  ]);
}

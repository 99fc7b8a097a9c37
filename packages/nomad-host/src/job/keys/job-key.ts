import type { HclValue } from "@driver/hcl";
import type { JsonShape } from "../json-shape.ts";

/**
 * A key of a job file, stated once. What both forms of a job may hold, how they are read, the decoder's types and the
 * tables in `docs/` all follow from it. Its name in HCL is the one under which it stands in its block's table.
 */
export interface JobKey<K extends KeyKind = KeyKind> {
  readonly kind: K;
  /** The fields that mean it in the form of `nomad job run -json`; empty when that form has none. */
  readonly json: readonly string[];
  readonly support: KeySupport;
  /** A server writes the field out with a default that nobody set: in JSON it gets no note. */
  readonly isSilentInJson?: boolean;
}

/** What this host does with a key. */
export type KeySupport =
  /** As under Nomad, or what it does here where that is less. */
  | { readonly effect: "full"; readonly only?: string }
  /** Nothing, on one machine: the note for the user. */
  | { readonly effect: "none"; readonly note: string }
  /** Nomad can do it and this host cannot: why, or what to do instead. */
  | { readonly effect: "refused"; readonly reason: string };

export type JobKeys = Readonly<Record<string, JobKey>>;

export type KeyKind = ValueKind<unknown> | MapKind | BlockKind<JobKeys> | FreeKind | UnreadKind;

/** An argument. */
export interface ValueKind<T> {
  readonly form: "argument";
  /** Null is no value, where it counts as absent elsewhere. */
  readonly refusesNull?: boolean;
  /** What a right value is, for messages: `a string`. */
  readonly words: string;
  /** What it is in JSON. */
  readonly json: JsonShape;
  /** Undefined for a wrong value. */
  read(value: HclValue): T | undefined;
}

/** A map of strings, written as an argument or as a block. */
export interface MapKind {
  readonly form: "map";
  /** True: it cannot be written as an argument in HCL. */
  readonly isBlockOnly?: boolean;
}

/** A block with keys of its own. Whatever is not among them is unknown. */
export interface BlockKind<K extends JobKeys> {
  readonly form: "block";
  readonly keys: K;
  /** The JSON field that holds its one label; absent: it has none. */
  readonly label?: string;
  /** The labels that there are, and what the JSON form calls each; one of each may come. Absent: any. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it may come more than once. */
  readonly isRepeated?: boolean;
  /** In JSON such blocks are one object, each under its label. */
  readonly isJsonMap?: boolean;
  /** The field of its JSON form that holds one alone, where another one holds a list of them. */
  readonly singleJson?: string;
  /** Fields of its JSON form that have no key, such as what only a server keeps. */
  readonly ignoredJson?: readonly string[];
}

/** A block whose content is somebody else's. */
export interface FreeKind {
  readonly form: "free";
  /** What it is in JSON. Default: any object. */
  readonly json?: JsonShape;
}

/** Nobody reads the value, in whatever form it comes. */
export interface UnreadKind {
  readonly form: "unread";
}

type More = Partial<Omit<JobKey, "kind" | "json">>;

/** A key that takes effect, unless `more` says otherwise. */
export function key<K extends KeyKind>(kind: K, json: string | readonly string[], more: More = {}): JobKey<K> {
  return { kind, json: typeof json === "string" ? [json] : json, support: { effect: "full" }, ...more };
}

/** A key that is read and checked and has no effect; `note` is told to the user. */
export function noted<K extends KeyKind>(kind: K, json: string | readonly string[], note: string, more: More = {}): JobKey<K> {
  return key(kind, json, { ...more, support: { effect: "none", note } });
}

/** A key that cannot be had here, with the reason or the way out. */
export function refused(json: string | readonly string[], reason: string): JobKey<UnreadKind> {
  return key({ form: "unread" }, json, { support: { effect: "refused", reason } });
}

/** The key called `name`; undefined when there is none. */
export function findKey(keys: JobKeys, name: string): JobKey | undefined {
  return Object.hasOwn(keys, name) ? keys[name] : undefined;
}

/** Whether a key can be written so. */
export function takesForm(candidate: JobKey, form: "argument" | "block"): boolean {
  const { kind } = candidate;
  const { form: own } = kind;
  if (own === "map") return form === "block" || kind.isBlockOnly !== true;
  return form === "argument" ? own === "argument" : own === "block" || own === "free";
}

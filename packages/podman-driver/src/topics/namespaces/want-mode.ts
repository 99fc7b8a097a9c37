import type { NamespaceSpec } from "@driver/libpod";
import type { NamespaceKind } from "../../config/operator-policy.ts";
import type { Given } from "../topic.ts";
import { toJoined } from "./joined-namespace.ts";

/** A namespace other than those of users and of the network. */
export interface ModeText<K extends NamespaceKind> {
  readonly key: string;
  readonly text: string;
  readonly of: K;
  /** Words that are modes by themselves. */
  readonly words: readonly string[];
}

/** These share nothing, so no operator need allow them. */
const isolating = ["private", "none"];

/** A namespace as the task asks for it. */
export interface WantedMode<K extends NamespaceKind> {
  readonly key: string;
  /** As the job writes it. */
  readonly text: string;
  readonly of: K;
  readonly spec: NamespaceSpec;
  /** The task of the own allocation whose it is. */
  readonly taskName: string | undefined;
}

/** The mode in Podman's words; undefined where it was refused. */
export function wantMode<K extends NamespaceKind>(
  { key, text, of, words }: ModeText<K>,
  { task, report, wish }: Given,
): WantedMode<K> | undefined {
  if (words.includes(text)) {
    if (!isolating.includes(text)) wish({ kind: "namespace", key, of, mode: text });
    return { key, text, of, spec: { nsmode: text }, taskName: undefined };
  }
  const joined = toJoined(key, text, { task, report });
  if (joined !== undefined) wish({ kind: "namespace", key, of, mode: joined.mode });
  else if (!/^(container|task|ns):/.test(text)) {
    report.refuse({
      key,
      value: text,
      problem: "is no mode of this namespace",
      remedy: `write ${words.join(", ")}, task:name, container:name or ns:path`,
    });
  }
  return joined === undefined ? undefined : { key, text, of, spec: joined.spec, taskName: joined.taskName };
}

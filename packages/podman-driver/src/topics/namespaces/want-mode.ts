import type { NamespaceSpec } from "@driver/libpod";
import type { NamespaceKind } from "../../config/operator-policy.ts";
import type { Given } from "../topic.ts";
import { toJoined } from "./joined-namespace.ts";

/** A namespace other than those of users and of the network. */
export interface ModeText {
  readonly key: string;
  readonly text: string;
  readonly of: NamespaceKind;
  /** Words that are modes by themselves. */
  readonly words: readonly string[];
}

/** These share nothing, so no operator need allow them. */
const isolating = ["private", "none"];

/** The mode in Podman's words; undefined where it was refused. */
export function wantMode({ key, text, of, words }: ModeText, { task, report, wish }: Given): NamespaceSpec | undefined {
  if (words.includes(text)) {
    if (!isolating.includes(text)) wish({ kind: "namespace", key, of, mode: text });
    return { nsmode: text };
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
  return joined?.spec;
}

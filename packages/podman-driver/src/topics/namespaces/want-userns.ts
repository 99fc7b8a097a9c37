import type { IdMap, NamespaceSpec } from "@driver/libpod";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";
import { toIdMaps } from "./id-maps.ts";
import { toJoined } from "./joined-namespace.ts";

/** The user namespace that a task asks for. */
export type WantedUserns =
  | { readonly kind: "host" | "nomap" }
  /** `size` undefined: as many ids as Podman finds the image to need. The maps are beside those that Podman chooses. */
  | { readonly kind: "auto"; readonly size: number | undefined; readonly uidMaps: readonly IdMap[]; readonly gidMaps: readonly IdMap[] }
  /** `value`: Podman's options, empty for none. */
  | { readonly kind: "keep-id"; readonly value: string }
  | { readonly kind: "maps"; readonly uidMaps: readonly IdMap[]; readonly gidMaps: readonly IdMap[] }
  /** `taskName`: the task of the own allocation whose it is. */
  | { readonly kind: "joined"; readonly spec: NamespaceSpec; readonly taskName: string | undefined };

/** What the job wrote of its user namespace. */
export interface UsernsText {
  readonly key: string;
  readonly text: string;
  readonly uidmap: readonly string[];
  readonly gidmap: readonly string[];
}

interface UsernsContext {
  readonly task: TaskConfig;
  readonly report: Report;
}

/** The wish, and what an operator's policy calls it. Undefined: it was refused. */
export function wantUserns(
  { key, text, uidmap, gidmap }: UsernsText,
  context: UsernsContext,
): { readonly wanted: WantedUserns; readonly mode: string } | undefined {
  const { report } = context;
  if (text !== "private" && (uidmap.length > 0 || gidmap.length > 0)) {
    report.refuse({ key, value: text, problem: "takes no uidmap and gidmap", remedy: `write ${key} = "private", or remove the maps` });
  }
  const joined = toJoined(key, text, context);
  if (joined !== undefined) return { wanted: { kind: "joined", spec: joined.spec, taskName: joined.taskName }, mode: joined.mode };
  const [, word = "", value = ""] = /^([^:]*):?([^]*)$/.exec(text) ?? [];
  const wanted = toWanted(key, { text, word, value, uidmap, gidmap }, report);
  return wanted === undefined ? undefined : { wanted, mode: text };
}

function toWanted(
  key: string,
  { text, word, value, uidmap, gidmap }: Omit<UsernsText, "key"> & { readonly word: string; readonly value: string },
  report: Report,
): WantedUserns | undefined {
  if (word === "auto") return toAuto(key, value, report);
  if (word === "keep-id") return toKeepId(key, value, report);
  if (text === "host" || text === "nomap") return { kind: text };
  if (text === "private") return toMaps({ key, uidmap, gidmap }, report);
  // What was meant as one of these has been told already.
  if (/^(container|task|ns):/.test(text)) return undefined;
  const remedy =
    "write host, auto, keep-id, nomap, private with uidmap and gidmap, task:name, container:name or ns:path; " +
    "auto and keep-id take options, such as keep-id:uid=200,gid=210";
  report.refuse({ key, value: text, problem: "is no mode of a user namespace", remedy });
  return undefined;
}

/** Podman reads no options of `auto` in the mode: they are parsed here (podman 4.3 to 6.1). */
function toAuto(key: string, value: string, report: Report): WantedUserns {
  const options = toOptions(key, { value, known: ["size", "uidmapping", "gidmapping"] }, report);
  const mapsOf = (name: string): readonly IdMap[] =>
    toIdMaps(key, options.flatMap((option) => (option.name === name ? [option.value] : [])), report);
  const sizes = options.filter(({ name }) => name === "size").map(({ value: text }) => toId(key, text, report));
  return { kind: "auto", size: sizes.at(-1), uidMaps: mapsOf("uidmapping"), gidMaps: mapsOf("gidmapping") };
}

function toKeepId(key: string, value: string, report: Report): WantedUserns {
  for (const { value: id } of toOptions(key, { value, known: ["uid", "gid", "size"] }, report)) toId(key, id, report);
  return { kind: "keep-id", value };
}

/** One list stands for both where the other is not set, as on Podman's command line. */
function toMaps({ key, uidmap, gidmap }: Omit<UsernsText, "text">, report: Report): WantedUserns {
  const [uidMaps, gidMaps] = [toIdMaps("uidmap", uidmap, report), toIdMaps("gidmap", gidmap, report)];
  if (uidmap.length === 0 && gidmap.length === 0) {
    report.refuse({
      key,
      value: "private",
      problem: "needs to know the ids",
      remedy: 'set uidmap, such as uidmap = ["0:100000:65536"], or write auto',
    });
  }
  return { kind: "maps", uidMaps: uidmap.length === 0 ? gidMaps : uidMaps, gidMaps: gidmap.length === 0 ? uidMaps : gidMaps };
}

function toOptions(
  key: string,
  { value, known }: { readonly value: string; readonly known: readonly string[] },
  report: Report,
): readonly { readonly name: string; readonly value: string }[] {
  return value
    .split(",")
    .filter((text) => text !== "")
    .flatMap((text) => {
      const [, name = "", setTo = ""] = /^([^=]*)=([^]*)$/.exec(text) ?? [];
      if (known.includes(name)) return [{ name, value: setTo }];
      report.refuse({
        key,
        value: text,
        problem: "is no option of this mode",
        remedy: `write ${known.map((one) => `${one}=…`).join(", ")}`,
      });
      return [];
    });
}

function toId(key: string, text: string, report: Report): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  report.refuse({ key, value: text, problem: "is no id or number of ids", remedy: "write a whole number below 4294967296" });
  return 0;
}

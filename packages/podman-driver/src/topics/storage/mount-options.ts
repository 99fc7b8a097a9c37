import { type EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";
import { refuseBefore } from "../refuse-before.ts";

/** What is mounted; an overlay is a folder of the host's whose changes stay in the container (Podman's option O). */
export type MountKind = "bind" | "overlay" | "volume" | "tmpfs";

interface OptionGroup {
  /** Words of which one mount has one at most. */
  readonly words: readonly string[];
  readonly kinds: readonly MountKind[];
  /** What stands behind the word's `=`; undefined: nothing. */
  readonly value?: { readonly pattern: RegExp; readonly remedy: string; readonly isOptional?: true };
  /** The first Podman that knows it, or that does what it says. */
  readonly since?: readonly [major: number, minor: number];
}

/** What mounts made later, on either side, come through (linux: `mount(8)`). */
export const propagations: readonly string[] = ["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"];

const path = { pattern: /^\//, remedy: "an absolute path would be right" };

/** All that Podman 4.3 to 5.8 know (podman: `pkg/util/mount_opts.go`). */
const groups: readonly OptionGroup[] = [
  { words: ["ro", "rw"], kinds: ["bind", "volume", "tmpfs"] },
  { words: ["exec", "noexec"], kinds: ["bind", "volume", "tmpfs"] },
  { words: ["suid", "nosuid"], kinds: ["bind", "volume", "tmpfs"] },
  { words: ["dev", "nodev"], kinds: ["bind", "volume", "tmpfs"] },
  {
    words: propagations,
    kinds: ["bind", "volume", "tmpfs"],
  },
  { words: ["bind", "rbind"], kinds: ["bind", "volume"] },
  { words: ["z", "Z"], kinds: ["bind", "volume"] },
  { words: ["U"], kinds: ["bind", "overlay", "tmpfs"] },
  // Podman 4.3 takes it for a volume, and leaves the owner as it is.
  { words: ["U"], kinds: ["volume"], since: [5, 0] },
  {
    words: ["idmap"],
    kinds: ["bind", "volume"],
    value: { pattern: /./, remedy: "maps such as uids=0-1000-1 would be right", isOptional: true },
  },
  { words: ["O"], kinds: ["overlay"] },
  { words: ["upperdir"], kinds: ["overlay"], value: path },
  { words: ["workdir"], kinds: ["overlay"], value: path },
  { words: ["copy", "nocopy"], kinds: ["volume"] },
  { words: ["consistency"], kinds: ["bind", "volume"], value: { pattern: /./, remedy: "a word such as consistent would be right" } },
  { words: ["no-dereference"], kinds: ["bind"], since: [5, 0] },
  { words: ["size"], kinds: ["tmpfs"], value: { pattern: /^\d+(%|[kmgt])?$/i, remedy: "a size such as 64m or 10% would be right" } },
  { words: ["mode"], kinds: ["tmpfs"], value: { pattern: /^[0-7]{1,5}$/, remedy: "octal digits such as 1777 would be right" } },
  { words: ["tmpcopyup", "notmpcopyup"], kinds: ["tmpfs"] },
  { words: ["noswap"], kinds: ["tmpfs"], since: [4, 7] },
  { words: ["noatime"], kinds: ["tmpfs"], since: [5, 6] },
];

/** Where options stand, for messages. */
export interface OptionSite {
  readonly key: string;
  /** The whole of what the job writes under the key. */
  readonly value: unknown;
  readonly report: Report;
}

/** Refuses options that Podman does not know, that are not for this kind of mount, that have a wrong value, or that exclude each other. */
export function checkMountOptions(options: readonly string[], kind: MountKind, site: OptionSite): void {
  const seen = new Map<OptionGroup, string>();
  for (const option of options) {
    const group = findGroup(option, kind);
    if (group === undefined) {
      refuseUnknown(option, kind, site);
      continue;
    }
    checkValue(option, group, site);
    const before = seen.get(group);
    if (before !== undefined) refuse(site, `has both ${before} and ${option}`, "keep one of them");
    seen.set(group, option);
  }
  const has = (word: string): boolean => options.some((option) => wordOf(option) === word);
  if (has("upperdir") !== has("workdir")) refuse(site, "has one of upperdir and workdir", "an overlay needs both, or none");
}

/** Refuses options that this Podman does not know, or that it takes without doing what they say. */
export function checkOptionVersions(options: readonly string[], kind: MountKind, site: OptionSite & { readonly facts: EngineFacts }): void {
  const { key, value, facts, report } = site;
  for (const option of options) {
    const since = findGroup(option, kind)?.since;
    if (since === undefined) continue;
    const remedy = "leave it out, or update Podman";
    refuseBefore({ key, value, part: `has the option ${option}, which`, since, remedy }, { facts, report });
  }
}

function findGroup(option: string, kind: MountKind): OptionGroup | undefined {
  const word = wordOf(option);
  return groups.find(({ words, kinds }) => words.includes(word) && kinds.includes(kind));
}

function refuseUnknown(option: string, kind: MountKind, site: OptionSite): void {
  const others = new Set(groups.filter(({ words }) => words.includes(wordOf(option))).flatMap(({ kinds }) => kinds));
  if (others.size > 0) {
    refuse(site, `has the mount option ${option}, which is not for ${nameOf(kind)}`, `it is for ${[...others].map(nameOf).join(" or ")}`);
    return;
  }
  const ofKind = groups.filter(({ kinds }) => kinds.includes(kind));
  const known = ofKind.flatMap(({ words, value }) => words.map((word) => (value === undefined ? word : `${word}=`)));
  refuse(site, `has the unknown mount option ${JSON.stringify(option)}`, `known for ${nameOf(kind)} are ${known.join(", ")}`);
}

function checkValue(option: string, { value }: OptionGroup, site: OptionSite): void {
  const equals = option.indexOf("=");
  const given = equals === -1 ? undefined : option.slice(equals + 1);
  if (value === undefined) {
    if (given !== undefined) refuse(site, `has the mount option ${option}, which takes no value`, `${wordOf(option)} alone would be right`);
    return;
  }
  const isRight = given === undefined ? value.isOptional === true : value.pattern.test(given);
  if (!isRight) refuse(site, `has the mount option ${option}, whose value is wrong`, value.remedy);
}

function refuse({ key, value, report }: OptionSite, problem: string, remedy: string): void {
  report.refuse({ key, value, problem, remedy });
}

function wordOf(option: string): string {
  return option.split("=", 1)[0] ?? option;
}

function nameOf(kind: MountKind): string {
  return { bind: "a bind", overlay: "an overlay (O)", volume: "a volume", tmpfs: "a tmpfs" }[kind];
}

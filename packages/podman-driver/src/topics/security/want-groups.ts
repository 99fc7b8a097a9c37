import type { ContainerInspect } from "@driver/libpod";
import type { Suspect } from "../blame.ts";
import type { Given, PlanPart, Shortfall } from "../topic.ts";

/** Groups that the task's user is in besides his own. */
export interface WantedGroups {
  /** True: those of the Podman service. */
  readonly keeps: boolean;
  /** Names of the image's /etc/group, or ids. */
  readonly names: readonly string[];
}

const keepGroups = "keep-groups";
/** Podman takes none beyond (podman 4.3 to 6.1). */
const highestId = 2 ** 31 - 1;

/** Podman drops all other groups beside keep-groups without a word (podman 4.3 to 6.1). */
export function wantGroups(texts: readonly string[], { report, wish }: Pick<Given, "report" | "wish">): WantedGroups {
  const given = [...new Set(texts.filter((text) => text !== ""))];
  const names = given.filter((text) => text !== keepGroups);
  const keeps = given.includes(keepGroups);
  if (keeps)
    wish({
      kind: "unconfined",
      key: "group_add",
      value: keepGroups,
      what: "the bounds between the task and the groups of the Podman service",
    });
  if (keeps && names.length > 0) {
    report.refuse({ key: "group_add", value: names, problem: `has no effect beside ${keepGroups}`, remedy: "remove one of them" });
  }
  for (const text of names) {
    if (/^-?\d+$/.test(text) && (Number(text) < 0 || Number(text) > highestId)) {
      report.refuse({ key: "group_add", value: text, problem: "is no id of a group", remedy: `write 0 to ${highestId}, or a name` });
    }
  }
  return { keeps, names };
}

/** `keep-groups` is an annotation that crun alone obeys (podman 4.3 to 6.1). */
export function planGroups({ keeps, names }: WantedGroups): PlanPart {
  if (keeps) return { spec: { annotations: { "run.oci.keep_original_groups": "1" } }, isVerified: true };
  return names.length > 0 ? { spec: { groups: names } } : {};
}

/** Podman looks for them in the image at the start. */
export function toGroupSuspects({ names }: WantedGroups): readonly Suspect[] {
  const want = "which must be names of the image's /etc/group, or ids";
  return names.length === 0 ? [] : [{ words: /supplemental groups|additional groups/, key: "group_add", value: names, want }];
}

export function verifyGroups({ keeps }: WantedGroups, { ociRuntime }: ContainerInspect): readonly Shortfall[] {
  if (!keeps || isCrun(ociRuntime)) return [];
  return [
    {
      key: "group_add",
      wanted: "the groups of the Podman service (keep-groups)",
      got: `none, since the OCI runtime ${ociRuntime} knows no such thing and crun does`,
      isFatal: false,
    },
  ];
}

function isCrun(runtime: string): boolean {
  return /(^|\/)crun[^/]*$/.test(runtime);
}

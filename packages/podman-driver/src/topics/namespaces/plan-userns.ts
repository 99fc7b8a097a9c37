import type { ContainerInspect, ContainerSpec, IdMap } from "@driver/libpod";
import { isAtLeast, type EngineFacts } from "../../engine/engine-facts.ts";
import type { Explanation, PlanContext, PlanPart, Shortfall } from "../topic.ts";
import { blame } from "../blame.ts";
import { refuseBefore } from "../refuse-before.ts";
import { showIdMap } from "./id-maps.ts";
import { toTaskNeeds } from "./joined-namespace.ts";
import type { WantedUserns } from "./want-userns.ts";

/** The user namespace in Podman's words. `key` is the spelling that the job uses. */
export function planUserns(wanted: WantedUserns, key: string, context: Pick<PlanContext, "facts" | "report">): PlanPart {
  const rootlessOnly = needsRootless(wanted, context);
  if (rootlessOnly !== undefined)
    context.report.refuse({ key, value: wanted.kind, problem: rootlessOnly, remedy: "use a rootless socket, or auto" });
  if (wanted.kind === "keep-id" && wanted.value !== "") {
    const part = "names ids for keep-id, which";
    refuseBefore({ key, value: wanted.value, part, since: [4, 3], remedy: 'use "keep-id" alone' }, context);
  }
  const isHostsOwn = wanted.kind === "keep-id" && !context.facts.rootless;
  return {
    spec: toSpec(wanted),
    needs: wanted.kind === "joined" ? toTaskNeeds({ key, what: "user namespace" }, wanted) : [],
    notices: isHostsOwn
      ? [`${key} "keep-id" isolates nothing here: the task has the ids of the host, as its Podman service belongs to root`]
      : [],
    isVerified: wanted.kind === "auto" || wanted.kind === "maps",
    explain: (podmanText) => explainFailure(podmanText, { wanted, key }, context),
  };
}

function explainFailure(
  podmanText: string,
  { wanted, key }: { readonly wanted: WantedUserns; readonly key: string },
  { facts }: Pick<PlanContext, "facts">,
): Explanation | undefined {
  if (/\/proc\/sys\/net\/[^\s`]+`?: permission denied/i.test(podmanText)) return { text: `${key} ${mayNotSet}` };
  if (wanted.kind === "auto") return explainAutoFailure(podmanText, key, facts);
  if (wanted.kind !== "maps") return undefined;
  return blame(podmanText, [{ words: /mounting storage for container/, key, value: "private", want: mountable }]);
}

/**
 * What Debian's containers.conf sets in each container, `net.ipv4.ping_group_range`, Podman also sets in a network namespace that is
 * joined by its file (podman 4.3 to 6.1). Joined as a container's it would not, but a group's pod lets nobody join its containers from
 * without, nor has members with ids of their own.
 */
const mayNotSet =
  "gives the task ids of its own, with which it may not set the kernel's net settings in a network that is not its own: the operator can " +
  "write default_sysctls = [] in the section [containers] of Podman's containers.conf, or remove one of the two";

/** Of others the overlay cannot be mounted (podman 4.3 on Linux 6.18). */
const mountable = "whose uidmap and gidmap must each have the container's 0, and ids of the host without a gap";

/** Podman tells which ids it looked for in the service's log alone (podman 4.3 to 6.1). */
function explainAutoFailure(podmanText: string, key: string, { rootless }: Pick<EngineFacts, "rootless">): Explanation | undefined {
  if (!/enough (available|unused) IDs/.test(podmanText)) return undefined;
  const owner = rootless ? "the Podman service's user" : "the user containers";
  return { text: `${key} = "auto" needs ids that no other container has, of those that ${owner} has in /etc/subuid and /etc/subgid` };
}

/** Podman drops a mode of a user namespace without a word where something about it is missing; then the task is root of the host. */
export function verifyUserns(wanted: WantedUserns, key: string, { host: { idMappings } }: ContainerInspect): readonly Shortfall[] {
  if (wanted.kind !== "auto" && wanted.kind !== "maps") return [];
  const asked = wanted.uidMaps.map(showIdMap);
  const isRootOfHost = idMappings.uidMap.some((map) => map.startsWith("0:0:") && !asked.includes(map));
  if (idMappings.uidMap.length > 0 && idMappings.gidMap.length > 0 && !isRootOfHost) return [];
  const got = isRootOfHost ? `a user namespace whose root is the host's (${idMappings.uidMap.join(", ")})` : "the host's user namespace";
  return [
    {
      key,
      wanted: wanted.kind === "auto" ? "a user namespace of its own" : `a user namespace with the ids ${asked.join(", ")}`,
      got,
      isFatal: true,
    },
  ];
}

/** What a rootful Podman cannot do (podman 4.3 to 6.1; `keep-id` was seen to be refused by 4.3 and taken by 5.4). */
function needsRootless({ kind }: WantedUserns, { facts }: Pick<PlanContext, "facts">): string | undefined {
  if (facts.rootless) return undefined;
  if (kind === "nomap") return "needs a rootless Podman, and the task's service belongs to root";
  if (kind === "keep-id" && !isAtLeast(facts, [4, 4]))
    return `needs Podman 5.4 or a rootless one, and the task's service belongs to root and is ${facts.version}`;
  return undefined;
}

function toSpec(wanted: WantedUserns): Partial<ContainerSpec> {
  switch (wanted.kind) {
    case "host":
      return { userns: { nsmode: "host" } };
    case "nomap":
      return { userns: { nsmode: "no-map" } };
    case "keep-id":
      return { userns: { nsmode: "keep-id", ...(wanted.value !== "" && { value: wanted.value }) } };
    case "joined":
      return { userns: wanted.spec };
    case "maps":
      return { userns: { nsmode: "private" }, idmappings: { UIDMap: wanted.uidMaps, GIDMap: wanted.gidMaps } };
    case "auto":
      return { userns: { nsmode: "auto" }, idmappings: toAutoMappings(wanted) };
  }
}

/** Without these Podman takes `auto` for the host's user namespace (podman 4.3 to 6.1). */
function toAutoMappings({
  size,
  uidMaps,
  gidMaps,
}: {
  readonly size: number | undefined;
  readonly uidMaps: readonly IdMap[];
  readonly gidMaps: readonly IdMap[];
}): ContainerSpec["idmappings"] {
  return {
    AutoUserNs: true,
    AutoUserNsOpts: {
      ...(size !== undefined && { Size: size }),
      ...(uidMaps.length > 0 && { AdditionalUIDMappings: uidMaps }),
      ...(gidMaps.length > 0 && { AdditionalGIDMappings: gidMaps }),
    },
  };
}

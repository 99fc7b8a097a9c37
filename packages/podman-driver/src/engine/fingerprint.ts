import type { AttributeValue, Fingerprint } from "@driver/nomad-plugin";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import { toAttributeName } from "../config/resolve-sockets.ts";
import type { EngineFindings } from "./engine.ts";
import type { NamedEngine } from "./engines.ts";

/** What the last look at one service gave. `findings`: with a failure, those of the last look that had some. */
export type EngineProbe =
  | { readonly findings: EngineFindings }
  | { readonly failure: string; readonly findings?: EngineFindings | undefined };

/** The same under a name of the service. */
export type NamedProbe = EngineProbe & Pick<NamedEngine, "name" | "isDefault">;

export interface FingerprintOptions {
  /** Whether a service has answered before. */
  readonly seenBefore: boolean;
  readonly policy: OperatorPolicy;
  /** Sockets where another Podman listens; asked for when none of these answers. Default: there is none. */
  readonly findOthers?: () => readonly string[];
}

/**
 * The node's attributes and health from one round of probes. The driver stays healthy while its default service,
 * or any where the default is not set, answers; `seenBefore` tells an outage from a host without Podman.
 */
export function toFingerprint(
  probes: readonly NamedProbe[],
  { seenBefore, policy, findOthers = () => [] }: FingerprintOptions,
): Fingerprint {
  const failed = probes.filter((probe) => "failure" in probe);
  const attributes: Record<string, AttributeValue> = { "driver.podman": failed.length < probes.length, ...toAllowances(policy) };
  for (const probe of probes) Object.assign(attributes, toAttributes(probe));
  if (failed.length === 0) return { health: "healthy", healthDescription: "Healthy", attributes };
  const reasons = failed.map((probe) => `${probe.name}: ${probe.failure}`).sort().join("; ");
  if (failed.length === probes.length) {
    const others = findOthers();
    const hint = others.length === 0 ? "" : `; a Podman that the plugin's config does not name listens on ${others.join(", ")}`;
    const healthDescription = `Podman does not answer: ${reasons}${hint}`;
    return { health: seenBefore ? "unhealthy" : "undetected", healthDescription, attributes };
  }
  const defaultFailed = failed.some((probe) => probe.isDefault);
  return {
    health: defaultFailed ? "unhealthy" : "healthy",
    healthDescription: `some Podman sockets do not answer: ${reasons}`,
    attributes,
  };
}

/** Under the names that Nomad's Docker driver has for them. */
function toAllowances({ allowsPrivileged, volumes, pidsLimit = 0 }: OperatorPolicy): Record<string, AttributeValue> {
  return {
    "driver.podman.privileged.enabled": allowsPrivileged,
    "driver.podman.volumes.enabled": volumes.isEnabled,
    ...(pidsLimit > 0 && { "driver.podman.pids.limit": BigInt(pidsLimit) }),
  };
}

function toAttributes(probe: NamedProbe): Record<string, AttributeValue> {
  const prefix = probe.isDefault ? "driver.podman" : `driver.podman.${toAttributeName(probe.name)}`;
  const isHealthy = !("failure" in probe);
  return {
    [`${prefix}.health`]: isHealthy ? "healthy" : "unhealthy",
    [`${prefix}.healthDescription`]: isHealthy ? "Healthy" : probe.failure,
    ...(probe.findings !== undefined && toFacts(probe, probe.findings, prefix)),
  };
}

function toFacts(
  { name, isDefault }: NamedProbe,
  { info, version, runtimes, cdiDevices }: EngineFindings,
  prefix: string,
): Record<string, AttributeValue> {
  const told = {
    ociRuntime: info.ociRuntime.path,
    socket: info.remoteSocketPath,
    os_type: info.os,
    cgroupManager: info.cgroupManager,
    cgroupControllers: info.cgroupControllers.join(","),
    runtimes: runtimes.join(","),
    networkBackend: info.networkBackend,
    rootlessNetworkCmd: info.rootless ? info.rootlessNetworkCommand : "",
    storageDriver: info.storage.driver,
    cdiDevices: cdiDevices.join(","),
  };
  return {
    [`${prefix}.defaultPodman`]: isDefault,
    [`${prefix}.socketName`]: name,
    [`${prefix}.version`]: version,
    [`${prefix}.appArmor`]: info.apparmorEnabled,
    [`${prefix}.capabilities`]: info.capabilities,
    [`${prefix}.cgroupVersion`]: info.cgroupVersion,
    [`${prefix}.rootless`]: info.rootless,
    [`${prefix}.seccompEnabled`]: info.seccompEnabled,
    [`${prefix}.selinuxEnabled`]: info.selinuxEnabled,
    // What this Podman does not tell is left out.
    ...Object.fromEntries(Object.entries(told).flatMap(([name, value]) => (value === "" ? [] : [[`${prefix}.${name}`, value]]))),
  };
}

/**
 * The same with an empty value for each attribute that was told and is none any more: Nomad keeps one that a fingerprint leaves out,
 * and removes one that is empty.
 */
export function withoutFormer(fingerprint: Fingerprint, former: Fingerprint["attributes"]): Fingerprint {
  const gone = Object.fromEntries(Object.keys(former).map((name) => [name, ""]));
  return { ...fingerprint, attributes: { ...gone, ...fingerprint.attributes } };
}

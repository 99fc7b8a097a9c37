import type { NamespaceKind } from "../config/operator-policy.ts";
import type { Notice } from "../config/option-notices.ts";
import type { Report } from "../config/report.ts";
import type { WantedTask } from "../topics/topics.ts";
import { refuseInPod } from "./refuse-in-pod.ts";

/** What several topics ask for together. */
export interface Combined {
  readonly wanted: WantedTask;
  /** Paths of the keys that the job sets. */
  readonly keys: ReadonlySet<string>;
}

/**
 * Refuses what Podman refuses of keys that are right by themselves, after it has pulled the image, and what it drops without a word
 * (podman 4.3 to 6.1).
 * @returns what the job's author should know of keys that have no effect beside others
 */
export function checkCombinations(combined: Combined, report: Report): readonly Notice[] {
  refuseInPod(combined.wanted, report);
  refuseSharedNamespaces(combined, report);
  refuseHostSysctls(combined, report);
  return [...toResolverNotices(combined), ...toPeriodNotices(combined)];
}

interface OwnNamespace {
  readonly key: string;
  readonly of: NamespaceKind;
  /** What the task has of the namespace that it shares. */
  readonly what: string;
}

/** Keys for a namespace of the task's own; `shm_size` is dropped beside a joined one, and the others fail. */
const ownNamespaces: readonly OwnNamespace[] = [
  { key: "hostname", of: "uts", what: "whose host name the task has" },
  { key: "shm_size", of: "ipc", what: "whose /dev/shm the task has, if any" },
  { key: "init", of: "pid", what: "where the task is not the first process" },
];
const ownModes = ["private", "shareable"];

function refuseSharedNamespaces({ wanted, keys }: Combined, report: Report): void {
  for (const { key, of, what } of ownNamespaces) {
    const mode = wanted.namespaces.others.find((one) => one.of === of);
    if (mode === undefined || ownModes.includes(mode.spec.nsmode) || !keys.has(key)) continue;
    report.refuse({
      key,
      problem: `cannot be set with ${mode.key} = ${JSON.stringify(mode.text)}, ${what}`,
      remedy: "remove one of the two",
    });
  }
}

/** Settings that belong to a namespace which the task may share with the host (podman: `libpod/define` and the runtimes' own rules). */
const sysctls: readonly { readonly of: "network" | "ipc" | "uts"; readonly names: RegExp }[] = [
  { of: "network", names: /^net[./]/ },
  { of: "ipc", names: /^(kernel[./](msg|sem|shm)|fs[./]mqueue[./])/ },
  { of: "uts", names: /^kernel[./]domainname$/ },
];

function refuseHostSysctls({ wanted }: Combined, report: Report): void {
  const { network } = wanted.network;
  const host = new Map(wanted.namespaces.others.filter(({ spec }) => spec.nsmode === "host").map(({ of, key }) => [of as string, key]));
  if (network.kind === "plain" && network.mode === "host") host.set("network", "network_mode");
  for (const name of Object.keys(wanted.limits.sysctl.settings)) {
    const key = host.get(sysctls.find(({ names }) => names.test(name))?.of ?? "");
    if (key === undefined) continue;
    report.refuse({
      key: "sysctl",
      value: name,
      problem: `is the host's with ${key} = "host", where no task may set it`,
      remedy: "remove one of the two",
    });
  }
}

function toResolverNotices({ wanted: { network: { network }, dns } }: Combined): readonly Notice[] {
  // Of the keys that a group's dns block replaces, that is said already.
  if (dns.isGroups) return [];
  const reason =
    network.kind === "task" || network.kind === "container"
      ? "the task has the resolver of the container whose network it joins"
      : network.kind === "plain" && network.mode === "none"
        ? "a task without a network has no resolver"
        : undefined;
  return reason === undefined ? [] : dns.setKeys.map((key) => ({ key, message: `${key} is not used: ${reason}` }));
}

function toPeriodNotices({ wanted, keys }: Combined): readonly Notice[] {
  const key = "cpu_cfs_period";
  return keys.has(key) && !wanted.limits.isHard ? [{ key, message: `${key} is not used: the task does not set cpu_hard_limit` }] : [];
}

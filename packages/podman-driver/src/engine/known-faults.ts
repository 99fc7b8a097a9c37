import type { PodmanInfo } from "@driver/libpod";
import { isAtLeast } from "./engine-facts.ts";

type Version = readonly [major: number, minor: number, patch: number];

/** Versions of a program that Podman runs containers with, and what goes wrong with them. */
export interface KnownFault {
  readonly program: "conmon" | "crun" | "runc";
  /** The first version with the fault; undefined: none is known without it. */
  readonly from?: Version;
  /** The first version without it. */
  readonly before: Version;
  /** The first Podman that it shows with; undefined: with all. */
  readonly podmanFrom?: readonly [major: number, minor: number];
  /** What an operator will see. */
  readonly consequence: string;
  /** Who found it. */
  readonly source: string;
}

/** Only what a person would otherwise look for in the wrong place; what the driver deals with itself is not in it. */
export const knownFaults: readonly KnownFault[] = [
  {
    program: "conmon",
    from: [2, 1, 9],
    before: [2, 1, 10],
    consequence: 'containers do not start ("container create failed", "readObjectStart: expect { or n")',
    source: "https://github.com/containers/conmon/issues/475",
  },
  {
    program: "conmon",
    from: [2, 2, 0],
    before: [2, 2, 1],
    consequence: 'podman logs says "is not a valid container log line" where output ends without a newline; Nomad\'s logs are right',
    source: "https://github.com/containers/podman/issues/28014",
  },
  {
    program: "crun",
    before: [1, 16, 0],
    podmanFrom: [5, 8],
    consequence: 'containers do not start ("unknown version specified")',
    source: "https://github.com/actions/runner-images/issues/14473",
  },
  {
    program: "crun",
    from: [1, 11, 0],
    before: [1, 11, 1],
    consequence: "the option noexec of volumes has no effect",
    source: "https://github.com/containers/crun/issues/1335",
  },
  {
    program: "crun",
    from: [1, 21, 0],
    before: [1, 22, 0],
    consequence: 'containers do not start on old kernels, 4.19 among them ("cannot resolve `null` under rootfs")',
    source: "https://github.com/containers/crun/issues/1783",
  },
  {
    program: "crun",
    before: [1, 22, 0],
    consequence: "podman exec by hand without --interactive is careless with the host's null device; the driver's exec is not",
    source: "seen with crun 1.8.1 and 1.21, not with 1.28",
  },
  {
    program: "runc",
    before: [1, 2, 0],
    consequence: "a task with a read-only root and a secret below /run/secrets does not start; another target works",
    source: "seen with runc 1.1.5 and 1.1.15",
  },
];

/** What is known of the programs of this service, one sentence each, for the log. Pure; a version that is none has no faults. */
export function findKnownFaults(info: Pick<PodmanInfo, "version" | "conmon" | "ociRuntime">): readonly string[] {
  const programs = [
    { name: "conmon", ...toRelease(info.conmon.version) },
    { name: info.ociRuntime.name, ...toRelease(info.ociRuntime.version) },
  ];
  return programs.flatMap(({ name, text, version }) =>
    version === undefined
      ? []
      : knownFaults
          .filter((fault) => fault.program === name && isWithin(version, fault))
          .filter(({ podmanFrom }) => podmanFrom === undefined || isAtLeast(info, podmanFrom))
          .map(({ before, consequence, source }) => `${name} ${text}: ${consequence}; better from ${toText(before)} on (${source})`),
  );
}

/** As the table of docs/compatibility.md has it: `2.1.9`, `before 1.16`. */
export function rangeOf({ from, before }: Pick<KnownFault, "from" | "before">): string {
  return from === undefined ? `before ${toText(before)}` : `${toText(from)}, before ${toText(before)}`;
}

function toRelease(said: string): { readonly text: string; readonly version: Version | undefined } {
  const [text = "", major, minor, patch = "0"] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(said) ?? [];
  return { text, version: text === "" ? undefined : [Number(major), Number(minor), Number(patch)] };
}

function isWithin(version: Version, { from, before }: KnownFault): boolean {
  return (from === undefined || compare(version, from) >= 0) && compare(version, before) < 0;
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

function toText([major, minor, patch]: Version): string {
  return patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`;
}

/** What a task's plan needs to know of the Podman service that will run it. */
export interface EngineFacts {
  /** Podman's, e.g. `4.3.1`. */
  readonly version: string;
  readonly rootless: boolean;
  /** `v1` or `v2`. */
  readonly cgroupVersion: string;
  readonly cgroupManager: string;
  /** Of cgroup v2; empty where Podman does not say. */
  readonly cgroupControllers: readonly string[];
  /** Of a container that asks for none, without CAP_; empty where Podman does not say. */
  readonly defaultCapabilities: readonly string[];
  /** Name of the OCI runtime of a container that asks for none; empty where Podman does not say. */
  readonly ociRuntime: string;
  readonly selinuxEnabled: boolean;
  readonly apparmorEnabled: boolean;
  /** Whether systemd runs its host: without it Podman never runs a health check by itself. */
  readonly hasSystemd: boolean;
  /** Of the host: `amd64`; what an image without a platform is pulled for. */
  readonly architecture: string;
  /** Where the blobs of a pull are kept until all have come; empty where Podman does not say, and of another host. */
  readonly downloadFolder: string;
  /** Where images and containers are kept; empty of another host. */
  readonly graphRoot: string;
  /** True: it is reached over the network, and runs on another host. */
  readonly isRemote: boolean;
}

/** Numbers of a version; without the last, its first patch. */
export type PodmanVersion = readonly [major: number, minor: number, patch?: number];

/** Whether Podman is at least of this version; a prerelease of it counts. */
export function isAtLeast(
  { version }: Pick<EngineFacts, "version">,
  [wantedMajor, wantedMinor, wantedPatch = 0]: PodmanVersion,
): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  if (major !== wantedMajor) return major > wantedMajor;
  return minor !== wantedMinor ? minor > wantedMinor : !(patch < wantedPatch);
}

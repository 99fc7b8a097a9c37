import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { PodmanClient, type ContainerSpec, type CreatedContainer, type PodmanInfo, type RemotePlace } from "@driver/libpod";
import { DriverError, type Logger } from "@driver/nomad-plugin";
import { toCapabilityName } from "../config/capability-names.ts";
import { ContainerEvents, defaultEventPauses, healthSubject } from "./container-events.ts";
import { listCdiDevices } from "../host/cdi-devices.ts";
import { readEngineUser } from "../host/engine-owner.ts";
import { listRuntimes } from "../host/oci-runtimes.ts";
import { findKnownFaults } from "./known-faults.ts";
import { HeldImages } from "./held-images.ts";
import { LoadedArchives } from "./loaded-archives.ts";
import { RecoveryPatience } from "./recovery-patience.ts";
import { SharedPulls } from "./shared-pulls.ts";
import { SharedStats } from "./shared-stats.ts";
import { StorageTurns } from "./storage-turns.ts";
import { isAtLeast, type EngineFacts } from "./engine-facts.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { settleOrAbort } from "../settle-or-abort.ts";

export interface EngineOptions {
  /** Absolute path of its socket; `tcp://host:port` of a remote one. */
  readonly path: string;
  /** How a service is reached that is not on a socket of this host. */
  readonly remote?: RemotePlace | undefined;
  /** The user whose the socket must be; undefined: anybody's. */
  readonly ownerId?: number | undefined;
  /** Longest wait for an answer that should come soon. */
  readonly callTimeoutMs: number;
  /** Whether systemd runs this host. Default true. */
  readonly hasSystemd?: boolean | undefined;
  readonly logger: Logger;
}

/** What one look at a Podman service found. */
export interface EngineFindings {
  readonly version: string;
  readonly info: PodmanInfo;
  /** Names of the OCI runtimes there are. */
  readonly runtimes: readonly string[];
  /** Names of the CDI devices there are. */
  readonly cdiDevices: readonly string[];
}

/**
 * Podman runs half a dozen programs for its info, 0.13 s of CPU time on 4.3 (podman), and what it tells hardly ever changes
 * under a running service.
 */
const infoMaxAgeMs = 5 * 60_000;
/** A name that no container has, as Podman allows none that begins with a dot. */
const noContainer = ".nomad-driver-podman-probe";

/**
 * One Podman service, what is known about it, and what goes on with it. What the plugin config calls it is not its business: it outlives
 * every config that has its socket.
 */
export class Engine {
  /** Absolute; `tcp://host:port` of a remote one. */
  readonly socketPath: string;
  readonly client: PodmanClient;
  /** Ends of containers. */
  readonly events: ContainerEvents;
  /** Results of health checks. */
  readonly healthEvents: ContainerEvents;
  readonly stats: SharedStats;
  /** Images on their way. */
  readonly pulls = new SharedPulls();
  readonly heldImages = new HeldImages();
  readonly archives = new LoadedArchives();
  readonly recoveryPatience = new RecoveryPatience();
  /** Looks at containers that are taken over: a service that is down is told once, and not once for each of two hundred tasks. */
  readonly recoveries: RepeatedFailure;
  readonly #storageTurns = new StorageTurns();
  readonly #ownerId: number | undefined;
  readonly #remote: RemotePlace | undefined;
  readonly #hasSystemd: boolean;
  readonly #logger: Logger;
  /** Faults of its programs that the log has. */
  readonly #toldFaults = new Set<string>();
  #facts: EngineFacts | undefined;
  #fresh: { readonly findings: EngineFindings; readonly apiVersion: string; readonly untilMs: number } | undefined;
  #asking: Promise<EngineFacts> | undefined;

  constructor(options: EngineOptions) {
    this.socketPath = options.path;
    this.#ownerId = options.ownerId;
    this.#remote = options.remote;
    this.#hasSystemd = options.hasSystemd ?? true;
    this.#logger = options.logger;
    const { path: socketPath, remote } = options;
    const place = remote === undefined ? { socketPath } : { remote };
    this.client = new PodmanClient({ ...place, timeouts: { quickMs: options.callTimeoutMs } });
    this.events = new ContainerEvents(this.client.events, options.logger);
    this.healthEvents = new ContainerEvents(this.client.events, options.logger, defaultEventPauses, healthSubject);
    this.stats = new SharedStats(this.client.containers, options.logger);
    this.recoveries = new RepeatedFailure(
      options.logger.with({ socket: socketPath }),
      "Podman does not answer; tasks that are taken over count as running until it does",
    );
  }

  /** Creates a container as the client does, alone where another's start would have Podman lock up. */
  async createContainer(spec: ContainerSpec, signal: AbortSignal): Promise<CreatedContainer> {
    using _turn = this.#locksUp && countsIds(spec) ? await this.#storageTurns.begin(true, signal) : undefined;
    return await this.client.containers.create(spec, signal);
  }

  /** Starts a container as the client does. */
  async startContainer(container: string, signal: AbortSignal): Promise<void> {
    using _turn = this.#locksUp ? await this.#storageTurns.begin(false, signal) : undefined;
    await this.client.containers.start(container, signal);
  }

  /** Before 4.4, and as long as nobody knows. */
  get #locksUp(): boolean {
    return this.#facts === undefined || !isAtLeast(this.#facts, [4, 4]);
  }

  /** Facts a task's plan depends on; asked for when no fingerprint has found them yet. */
  async facts(signal: AbortSignal): Promise<EngineFacts> {
    // Before anything is asked whose failure nobody would hear of.
    signal.throwIfAborted();
    if (this.#facts !== undefined) return this.#facts;
    // Podman runs half a dozen programs for its info: many tasks that start at once ask once.
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return settleOrAbort(this.#asking, signal);
  }

  /** Not broken off by a caller who leaves: others wait for it, and the client has a deadline for it. */
  async #askOnce(): Promise<EngineFacts> {
    await this.probe(new AbortController().signal);
    // probe either set them or threw.
    return this.#facts as EngineFacts;
  }

  /**
   * Looks whether the service works: it must answer from its database, not only answer. What it is able to do is asked anew
   * after an upgrade, after a look that failed, and else every five minutes.
   */
  async probe(signal: AbortSignal): Promise<EngineFindings> {
    const known = this.#fresh;
    this.#fresh = undefined;
    this.#checkOwner();
    const { version: apiVersion } = await this.client.ping(signal);
    if (known?.apiVersion === apiVersion && performance.now() < known.untilMs) {
      await this.client.containers.inspect(noContainer, signal);
      this.#fresh = known;
      return known.findings;
    }
    const info = await this.client.info(signal);
    // That of the API is another one (podman 3.0.1: 3.0.0).
    const { version } = info;
    const findings = {
      version,
      info,
      runtimes: this.isRemote ? [info.ociRuntime.name] : listRuntimes(info.ociRuntime.name),
      cdiDevices: this.isRemote ? [] : listCdiDevices(),
    };
    this.#fresh = { findings, apiVersion, untilMs: performance.now() + infoMaxAgeMs };
    this.#tellFaults(info);
    this.#facts = {
      version,
      rootless: info.rootless,
      cgroupVersion: info.cgroupVersion,
      cgroupManager: info.cgroupManager,
      cgroupControllers: info.cgroupControllers,
      defaultCapabilities: info.capabilities.split(",").flatMap((text) => toCapabilityName(text) ?? []),
      ociRuntime: info.ociRuntime.name,
      selinuxEnabled: info.selinuxEnabled,
      apparmorEnabled: info.apparmorEnabled,
      hasSystemd: this.#hasSystemd,
      architecture: info.arch,
      downloadFolder: this.isRemote ? "" : info.storage.imageCopyTmpDir,
      graphRoot: this.isRemote ? "" : info.storage.graphRoot,
      isRemote: this.isRemote,
    };
    return findings;
  }

  /** True: nothing that it names is looked for on this host, whose files and processes have the same names. */
  get isRemote(): boolean {
    return this.#remote !== undefined;
  }

  /** Whether it is the service at this place. One that must be another user's is another one: nothing that is known holds for it. */
  isAt({ path, ownerId, remote }: Pick<EngineOptions, "path" | "ownerId" | "remote">): boolean {
    return path === this.socketPath && ownerId === this.#ownerId && isDeepStrictEqual(remote, this.#remote);
  }

  /** The longest wait for an answer that should come soon, of every call from now on. */
  limitCalls(callTimeoutMs: number): void {
    this.client.limitCalls({ quickMs: callTimeoutMs });
  }

  /** The plugin config has it no more. Tasks that run on it go on to use it; when the last of them is gone nothing is left open. */
  retire(): void {
    this.client.retire();
  }

  #tellFaults(info: PodmanInfo): void {
    for (const fault of findKnownFaults(info)) {
      if (!this.#toldFaults.has(fault)) this.#logger.info("a program of Podman's has a known fault", { fault });
      this.#toldFaults.add(fault);
    }
  }

  /** What another user has put there gets none of the tasks. A socket that is missing is the ping's business. */
  #checkOwner(): void {
    if (this.#ownerId === undefined || !existsSync(this.socketPath)) return;
    const found = readEngineUser(this.socketPath);
    if (found === this.#ownerId) return;
    throw new DriverError("failed", `the socket ${this.socketPath} belongs to user ${found}, and host_user names user ${this.#ownerId}`);
  }

  close(): void {
    this.events.close();
    this.healthEvents.close();
    this.stats.close();
    this.client.close();
  }
}

/** Whether Podman counts the ids that the container's image needs, as nobody has said how many they are to be. */
function countsIds({ idmappings }: ContainerSpec): boolean {
  return idmappings?.AutoUserNs === true && (idmappings.AutoUserNsOpts?.Size ?? 0) === 0;
}

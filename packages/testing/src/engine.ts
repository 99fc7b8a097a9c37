import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, rm } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { busyboxImageChanges, createBusyboxArchive } from "./busybox-image.ts";
import { engineEnvironment, engineSocketPath, writeEngineConfig } from "./engine-config.ts";
import { stopEngine } from "./engine-teardown.ts";
import { noteBridge } from "./host-network.ts";
import { hasControllers, parseRoutes, planBridge, readAllowedUlimits, resolveOciRuntime } from "./host-facts.ts";
import type { OrdinaryUser } from "./ordinary-user.ts";
import { pingEngine, requestEngine } from "./engine-request.ts";
import { runProcess, type ProcessResult } from "./run-process.ts";
import { resolveStorageDriver } from "./storage-driver.ts";
import { TestingError } from "./testing-error.ts";
import { resolveTool } from "./tool-path.ts";

export interface EngineOptions {
  /** A short path that does not exist yet, removed by `close`. Default `/run/engine`: the engine is meant to run in a world. */
  readonly folder?: string;
  /** Folder of images and containers. Default below `folder`; given another place, it outlives the engine (as a cache). */
  readonly storage?: string;
  /** A folder that exists, for the blobs of pulls. Default: the world's, which all engines without one share. */
  readonly downloadFolder?: string;
  /** Where Podman writes its events. Only with "journald" does it follow a container's journald log. Default "file". */
  readonly eventsLogger?: "file" | "journald";
  /** An ordinary user whose rootless engine it is. Default: this process's own. */
  readonly user?: OrdinaryUser | undefined;
  /** Longest time from start to the first answer. Default 20 s. */
  readonly startTimeoutMs?: number;
}

/** A Podman service of its own, beside the user's. */
export interface Engine extends AsyncDisposable {
  readonly socketPath: string;
  /** Add to a process's environment to have its `podman` commands speak of this engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the service that runs now. */
  readonly pid: number;
  /** Kills the service and takes its socket away, as when both units of systemd's are stopped. Containers run on. */
  killService(): Promise<void>;
  /** Starts a service again that was killed, and settles when it answers. */
  reviveService(): Promise<void>;
  /** Runs `podman ARGS` on this engine to its end. */
  run(args: readonly string[]): Promise<ProcessResult>;
  /** Makes the image `tag` from the host's static busybox, unless it is there: CMD sh, ENV PATH is `busyboxImagePath`. */
  importBusybox(tag: string): Promise<void>;
  /** Removes containers, service, mounts, networks and folders. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts an engine and settles when it answers. Must be called inside a world (`runInWorld`): Podman's locks and network
 * state live at fixed places, which only a world makes private. An abort of `signal` while starting undoes what was done.
 * @throws TestingError "engine-start" with the service's last words.
 */
export async function startEngine(options: EngineOptions, signal: AbortSignal): Promise<Engine> {
  const folder = options.folder ?? "/run/engine";
  const storage = options.storage ?? join(folder, "storage");
  const podman = resolveTool("podman");
  const { user } = options;
  const env = engineEnvironment(folder, user);
  // Podman's TMPDIR is in it, which a container whose ids are none of its user's goes through (podman 5.4, nomap).
  await mkdir(folder, { mode: user === undefined ? 0o700 : 0o711 });
  const holder: { service: ChildProcess | undefined } = { service: undefined };
  const close = () => stopEngine({ folder, storage, podman, user, env: { ...process.env, ...env }, service: holder.service });
  try {
    // Container records of an engine that was killed: their world is gone, and a fresh engine starts without any.
    await rm(join(storage, "libpod"), { recursive: true, force: true });
    const bridge = planBridge(parseRoutes(readFileSync("/proc/net/route", "utf8")), Object.keys(networkInterfaces()), randomInt(2 ** 31));
    if (process.env["WORLD_FOLDER"] !== undefined) await noteBridge(process.env["WORLD_FOLDER"], bridge);
    await writeEngineConfig({
      folder,
      storage,
      storageDriver: await resolveStorageDriver(storage, signal),
      ociRuntime: resolveOciRuntime(),
      ulimits: readAllowedUlimits(),
      hasControllers: hasControllers(),
      eventsLogger: options.eventsLogger ?? "file",
      bridge,
    });
    if (user !== undefined) {
      await runProcess("chown", ["-R", `${user.uid}:${user.gid}`, folder, storage], { signal });
      // Newer runtimes go through them as a container's own root, who with nomap has none of the user's ids.
      for (const path of [folder, join(folder, "tmpdir")]) await chmod(path, 0o711);
    }
    const ending = AbortSignal.any([signal, AbortSignal.timeout(options.startTimeoutMs ?? defaultStartTimeoutMs)]);
    await startService(holder, { podman, folder, user, downloadFolder: options.downloadFolder }, ending);
  } catch (error) {
    await close();
    throw error;
  }
  return createEngine({ folder, podman, user, holder, downloadFolder: options.downloadFolder, close });
}

const defaultStartTimeoutMs = 20_000;

interface ServiceSettings {
  readonly podman: string;
  readonly folder: string;
  readonly user: OrdinaryUser | undefined;
  readonly downloadFolder: string | undefined;
}

async function startService(holder: { service: ChildProcess | undefined }, settings: ServiceSettings, signal: AbortSignal): Promise<void> {
  holder.service = spawnService(settings);
  await waitUntilReady(holder.service, settings.folder, signal);
}

async function killService(service: ChildProcess | undefined, socketPath: string): Promise<void> {
  if (service !== undefined && service.exitCode === null && service.signalCode === null) {
    const gone = once(service, "exit");
    // An ordinary user's Podman does its work in a child, which is in the user's namespaces.
    for (const pid of childrenOf(service.pid ?? 0)) if (isService(pid)) process.kill(Number(pid), "SIGKILL");
    service.kill("SIGKILL");
    await gone;
  }
  await rm(socketPath, { force: true });
}

/** Of all its threads. */
function childrenOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter((child) => child !== ""),
  );
}

function isService(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("system\0service\0");
}

interface StartedEngine extends ServiceSettings {
  /** A service that was killed is followed by another. */
  readonly holder: { service: ChildProcess | undefined };
  close(): Promise<void>;
}

function createEngine(started: StartedEngine): Engine {
  const env = engineEnvironment(started.folder, started.user);
  const socketPath = engineSocketPath(started.folder);
  const controller = new AbortController();
  let closing: Promise<void> | undefined;
  const close = () => {
    controller.abort(new TestingError("engine-command", "The engine was closed while a command was running on it."));
    closing ??= started.close();
    return closing;
  };
  return {
    socketPath,
    env,
    get pid() {
      return started.holder.service?.pid ?? 0;
    },
    killService: () => killService(started.holder.service, socketPath),
    reviveService: () =>
      startService(started.holder, started, AbortSignal.any([controller.signal, AbortSignal.timeout(defaultStartTimeoutMs)])),
    run: (args) => runProcess(started.podman, args, { env: { ...process.env, ...env }, user: started.user, signal: controller.signal }),
    importBusybox: (tag) => importBusybox(socketPath, tag, controller.signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function spawnService({ podman, folder, user, downloadFolder }: ServiceSettings): ChildProcess {
  const log = openSync(join(folder, "service.log"), "a");
  try {
    return spawn(podman, ["system", "service", "--time=0", `unix://${engineSocketPath(folder)}`], {
      stdio: ["ignore", log, log],
      // conmon inherits it, and writes a file named "oom" there when a container runs out of memory.
      cwd: folder,
      ...(user !== undefined && { uid: user.uid, gid: user.gid }),
      env: { ...process.env, ...engineEnvironment(folder, user), ...(downloadFolder !== undefined && { TMPDIR: downloadFolder }) },
    });
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(service: ChildProcess, folder: string, signal: AbortSignal): Promise<void> {
  let failure: unknown;
  service.once("error", (error) => (failure = error));
  while (!(await pingEngine(engineSocketPath(folder), signal))) {
    if (signal.aborted || failure !== undefined || service.exitCode !== null || service.signalCode !== null) {
      const lastWords = readFileSync(join(folder, "service.log"), "utf8").trim().split("\n").slice(-5).join("\n");
      throw new TestingError(
        "engine-start",
        `The test engine's Podman service did not start: ${lastWords || String(failure ?? signal.reason)}`,
        { cause: failure ?? signal.reason },
      );
    }
    await delay(5);
  }
}

async function importBusybox(socketPath: string, tag: string, signal: AbortSignal): Promise<void> {
  const known = await requestEngine(socketPath, { method: "GET", path: `/images/${encodeURIComponent(tag)}/exists`, signal });
  if (known.status === 204) return;
  const query = new URLSearchParams([["reference", tag], ...busyboxImageChanges.map((change) => ["changes", change])]);
  const body = await createBusyboxArchive(signal);
  const answer = await requestEngine(socketPath, { method: "POST", path: `/images/import?${query.toString()}`, body, signal });
  if (answer.status !== 200) throw new TestingError("image-import", `Podman refused to import the image ${tag}: ${answer.text}`);
}

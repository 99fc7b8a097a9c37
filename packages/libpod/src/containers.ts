import { toBadAnswer, toReportedError } from "./answer-error.ts";
import type { CallTimeouts } from "./call-timeouts.ts";
import { decodeContainerInspect, type ContainerInspect } from "./container-inspect.ts";
import { decodeContainerList, type ContainerListEntry } from "./container-list-entry.ts";
import type { ContainerSpec } from "./container-spec.ts";
import { decodeStatsReport, type ContainerStats } from "./container-stats.ts";
import { encodeJson } from "./encode-json.ts";
import type { HttpRequest } from "./http-request.ts";
import { FrameError } from "./frame-demuxer.ts";
import { LogLineDecoder, type LoggedLine } from "./log-line-decoder.ts";
import { isJsonObject, JsonReader, readList } from "./json-reader.ts";
import { LibpodError } from "./libpod-error.ts";
import { decodeAnswer, parseAnswer, type CallAnswer, type PodmanCaller } from "./podman-caller.ts";

export interface CreatedContainer {
  readonly id: string;
  readonly warnings: readonly string[];
}

export interface ListFilter {
  /** Stopped ones too. Default true. */
  readonly all?: boolean | undefined;
  /** Labels that must be there, each as "key" or "key=value". */
  readonly labels?: readonly string[] | undefined;
  /** Any of these names; Podman takes each as a regular expression. */
  readonly names?: readonly string[] | undefined;
}

export interface WaitOptions {
  /** Default: stopped and exited. */
  readonly conditions?: readonly WaitCondition[] | undefined;
  /** How often Podman before 5.3 looks; later ones are told by the kernel. Default 250 ms, Podman's own. */
  readonly intervalMs?: number | undefined;
}

export type WaitCondition = "created" | "initialized" | "running" | "stopping" | "stopped" | "paused" | "exited" | "removing";

export interface RemoveOptions {
  /** Kill it first if it runs. */
  readonly force: boolean;
  /** Remove its anonymous volumes; named ones stay. */
  readonly volumes: boolean;
  /** How long a forced removal waits for it to end by itself. Default 0. */
  readonly timeoutSeconds?: number | undefined;
}

export interface LogOptions {
  /** Go on with what is written from now on, until the container ends. */
  readonly follow: boolean;
  /** Seconds since 1970: what was written before is left out. Default: the whole log. */
  readonly sinceSeconds?: number | undefined;
}

/** The container endpoints. `container` is a name or an id. Every call rejects with a LibpodError or the signal's reason. */
export class Containers {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /**
   * Creates a container of a local image. A missing image is `not-found` from Podman 4.8 on and `engine-error` before, with the
   * cause "image not known".
   */
  async create(spec: ContainerSpec, signal: AbortSignal): Promise<CreatedContainer> {
    const action = `create container ${spec.name ?? "without a name"}`;
    const request: HttpRequest = { action, method: "POST", path: ["containers", "create"], body: encodeJson(withOldNames(spec)) };
    return await this.#caller.callJson(request, decodeCreated, { deadlineMs: this.#timeouts.quickMs, isInTurn: true, signal });
  }

  /** Makes its namespaces and mounts, and a process that waits for `start` to become the container's. */
  async init(container: string, signal: AbortSignal): Promise<"initialized" | "already-initialized"> {
    const request: HttpRequest = { action: `initialize container ${container}`, method: "POST", path: ["containers", container, "init"] };
    const { status } = await this.#caller.call(request, { deadlineMs: this.#timeouts.startMs, signal });
    return status === 304 ? "already-initialized" : "initialized";
  }

  /** Settles when the container's process runs. */
  async start(container: string, signal: AbortSignal): Promise<"started" | "already-running"> {
    const request: HttpRequest = { action: `start container ${container}`, method: "POST", path: ["containers", container, "start"] };
    const { status } = await this.#caller.call(request, { deadlineMs: this.#timeouts.startMs, isInTurn: true, signal });
    return status === 304 ? "already-running" : "started";
  }

  /** Undefined when Podman says that there is no such container. */
  async inspect(container: string, signal: AbortSignal): Promise<ContainerInspect | undefined> {
    const request: HttpRequest = { action: `inspect container ${container}`, method: "GET", path: ["containers", container, "json"] };
    return await this.#caller.unlessMissing(
      this.#caller.callJson(request, decodeContainerInspect, { deadlineMs: this.#timeouts.quickMs, signal }),
    );
  }

  async list(filter: ListFilter, signal: AbortSignal): Promise<readonly ContainerListEntry[]> {
    const filters = encodeJson({ label: filter.labels, name: filter.names });
    const request: HttpRequest = {
      action: "list containers",
      method: "GET",
      path: ["containers", "json"],
      query: { all: filter.all ?? true, filters },
    };
    return await this.#caller.callJson(request, decodeContainerList, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /** Sends the stop signal, then SIGKILL after `timeoutSeconds` (rounded up to whole ones); settles when the process has ended. */
  async stop(container: string, options: { readonly timeoutSeconds: number }, signal: AbortSignal): Promise<"stopped" | "already-stopped"> {
    const { timeoutSeconds } = options;
    const request: HttpRequest = {
      action: `stop container ${container}`,
      method: "POST",
      path: ["containers", container, "stop"],
      query: { timeout: Math.ceil(timeoutSeconds) },
    };
    const { status } = await this.#caller.call(request, { deadlineMs: timeoutSeconds * 1000 + this.#timeouts.stopExtraMs, signal });
    return status === 304 ? "already-stopped" : "stopped";
  }

  /**
   * Sends a signal by name or number; does not wait for its effect. A container that does not run is `conflict` from Podman 4.6.1
   * on and `engine-error` before.
   */
  async kill(container: string, signalName: string, signal: AbortSignal): Promise<void> {
    const request: HttpRequest = {
      action: `send ${signalName} to container ${container}`,
      method: "POST",
      path: ["containers", container, "kill"],
      query: { signal: signalName },
    };
    await this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /**
   * Runs the container's health check once, without a deadline, since Podman lets a check that hangs run on (podman 4.3). What
   * the container's health is then tells inspect: the answer is about this one run. A check that took too long is an
   * `engine-error`, a container without one `conflict`.
   */
  async runHealthCheck(container: string, signal: AbortSignal): Promise<void> {
    const action = `run the health check of container ${container}`;
    const request: HttpRequest = { action, method: "GET", path: ["containers", container, "healthcheck"] };
    await this.#caller.call(request, { signal });
  }

  /** Lets the processes of a paused container go on. One that is not paused is an `engine-error` or `conflict`. */
  async unpause(container: string, signal: AbortSignal): Promise<void> {
    const request: HttpRequest = { action: `unpause container ${container}`, method: "POST", path: ["containers", container, "unpause"] };
    await this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /**
   * Waits for a condition, without a deadline, and settles with the number Podman answers. Only a hint: Podman 4.6 and
   * later answer 0 when the wait itself failed, a container never started gives 0 at once, and a lost conmon gives 0
   * while the process runs. Ask inspect before believing it.
   */
  async wait(container: string, options: WaitOptions, signal: AbortSignal): Promise<number> {
    const { conditions = ["stopped", "exited"], intervalMs = 250 } = options;
    const request: HttpRequest = {
      action: `wait for container ${container}`,
      method: "POST",
      path: ["containers", container, "wait"],
      query: { condition: conditions, interval: `${intervalMs}ms` },
    };
    const { text } = await this.#caller.call(request, { signal });
    const value = parseAnswer(text, request);
    if (typeof value === "number" && Number.isInteger(value)) return value;
    throw toBadAnswer(`an exit code was expected, not ${text.slice(0, 200)}`, request);
  }

  /**
   * The container's log in the order in which it was written, without a deadline, as many lines at once as have come. The
   * answer begins with the first line. A followed log ends when the container does, and when the service stops: ask
   * inspect. A journal can only be followed where Podman keeps its events there too (`engine-error` otherwise, podman 4.3).
   */
  async *logs(container: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<readonly LoggedLine[], void, undefined> {
    const { follow, sinceSeconds } = options;
    const request: HttpRequest = {
      action: `read the log of container ${container}`,
      method: "GET",
      path: ["containers", container, "logs"],
      query: { follow, stdout: true, stderr: true, timestamps: true, since: sinceSeconds },
    };
    const decoder = new LogLineDecoder();
    try {
      for await (const chunk of this.#caller.stream(request, { signal })) {
        const lines = decoder.push(chunk);
        if (lines.length > 0) yield lines;
      }
    } catch (error) {
      throw error instanceof FrameError ? toBadAnswer(error.message, request, error) : error;
    }
    if (!decoder.isAtBoundary) throw toBadAnswer("the log ended in the middle of a line", request);
  }

  /**
   * What all running containers have used, each `intervalSeconds` anew, at once to begin with. Podman enumerates them for each
   * report, so that containers may come and go. It ends when the service stops; a service that falls silent is `timeout`.
   * A rootless service on cgroup v1 has no statistics: `conflict`, or `engine-error` (podman 3.4).
   */
  async *stats(
    options: { readonly intervalSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<readonly ContainerStats[], void, undefined> {
    const { intervalSeconds } = options;
    const request: HttpRequest = {
      action: "follow the containers' statistics",
      method: "GET",
      path: ["containers", "stats"],
      query: { stream: true, interval: intervalSeconds },
    };
    for await (const value of this.#caller.streamJson(request, { deadlineMs: intervalSeconds * 1000 + this.#timeouts.quickMs, signal })) {
      const report = decodeAnswer(value, decodeStatsReport, request);
      if ("error" in report) throw toReportedError(report.error, request);
      yield report.containers;
    }
  }

  /** Settles when it is gone; false when it did not exist. */
  async remove(container: string, options: RemoveOptions, signal: AbortSignal): Promise<boolean> {
    const { force, volumes, timeoutSeconds = 0 } = options;
    const request: HttpRequest = {
      action: `remove container ${container}`,
      method: "DELETE",
      path: ["containers", container],
      // Without one a forced removal waits the container's own stop timeout; unforced, nothing is stopped.
      query: { force, volumes, timeout: force ? timeoutSeconds : undefined },
    };
    const deadlineMs = timeoutSeconds * 1000 + this.#timeouts.removeMs;
    const call = (): Promise<CallAnswer> => this.#caller.call(request, { deadlineMs, signal });
    const answer = await this.#caller.unlessMissing(
      call().catch(async (error: unknown) => {
        if (!force || !hasEndedMeanwhile(error)) throw error;
        return await call();
      }),
    );
    if (answer === undefined) return false;
    // Podman 3 answers 204 without a report.
    if (answer.status !== 204) checkRemoved(parseAnswer(answer.text, request), request);
    return true;
  }
}

function decodeCreated(value: unknown): CreatedContainer {
  const reader = new JsonReader(value, "created container");
  return { id: reader.requiredString("Id"), warnings: reader.strings("Warnings") };
}

/**
 * A forced removal fails when the container ends by itself between Podman's look at it and its kill; the next finds it ended (podman
 * 4.3).
 */
function hasEndedMeanwhile(error: unknown): boolean {
  return error instanceof LibpodError && error.podmanCause === "container state improper" && / could not be stopped: /.test(error.message);
}

/** A 200 may still carry an error for the container, as text or as an object that lost its text. */
function checkRemoved(value: unknown, request: HttpRequest): void {
  const reports = decodeAnswer(value, (list) => readList(list, "removal report"), request);
  for (const report of reports) {
    const reason = isJsonObject(report) ? report.Err : undefined;
    if (reason === undefined || reason === null || reason === "") continue;
    throw toReportedError(typeof reason === "string" ? reason : "", request);
  }
}

const namespaces = ["netns", "pidns", "ipcns", "utsns", "userns", "cgroupns"] as const;

/** Podman 3 calls the value of a namespace `string`, which later ones pass over (podman 4.3 to 6.1). */
function withOldNames(spec: ContainerSpec): object {
  const valued = namespaces.flatMap((key) => (spec[key]?.value === undefined ? [] : [[key, { ...spec[key], string: spec[key].value }]]));
  return { ...spec, ...Object.fromEntries(valued) };
}

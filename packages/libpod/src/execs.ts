import type { CallTimeouts } from "./call-timeouts.ts";
import { encodeJson } from "./encode-json.ts";
import { openExecStream, type ExecStream } from "./exec-stream.ts";
import type { HttpRequest } from "./http-request.ts";
import { JsonReader } from "./json-reader.ts";
import type { PodmanCaller } from "./podman-caller.ts";

export interface ExecSpec {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly attachStdin: boolean;
}

/** `height` and `width` are characters. */
export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

export interface ExecStartOptions {
  /** As given to create. */
  readonly tty: boolean;
}

/** A session of an exec, running or ended. */
export interface ExecInspect {
  readonly running: boolean;
  /** 0 before the end too: read it when `running` is false. 127 when the command could not be run. */
  readonly exitCode: number;
  /** On the host; 0 when no process runs. */
  readonly pid: number;
}

/** The exec endpoints. Every call rejects with a LibpodError or the signal's reason. */
export class Execs {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /** Prepares a command in a running container and settles with the session's id. Output is always attached. */
  async create(container: string, spec: ExecSpec, signal: AbortSignal): Promise<string> {
    const body = encodeJson({
      Cmd: spec.command,
      Tty: spec.tty,
      AttachStdin: spec.attachStdin,
      AttachStdout: true,
      AttachStderr: true,
    });
    const request: HttpRequest = {
      action: `create exec in container ${container}`,
      method: "POST",
      path: ["containers", container, "exec"],
      body,
    };
    const decode = (value: unknown): string => new JsonReader(value, "created exec").requiredString("Id");
    return await this.#caller.callJson(request, decode, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /**
   * Runs the command and settles when the connection to it stands; `signal` ends the connection at any later time.
   * A command that cannot be run is no error here: its stderr says so and its exit code is 126 or 127.
   */
  async start(execId: string, options: ExecStartOptions, signal: AbortSignal): Promise<ExecStream> {
    const { tty } = options;
    const body = encodeJson({ Detach: false, Tty: tty });
    const request: HttpRequest = { action: `start exec ${execId}`, method: "POST", path: ["exec", execId, "start"], body };
    const { socket, exchange } = await this.#caller.upgrade(request, { deadlineMs: this.#timeouts.quickMs, signal });
    return openExecStream({ socket, exchange, tty });
  }

  /** Sets the size of a running session's terminal. */
  async resize(execId: string, size: TerminalSize, signal: AbortSignal): Promise<void> {
    const request: HttpRequest = {
      action: `resize exec ${execId}`,
      method: "POST",
      path: ["exec", execId, "resize"],
      query: { h: size.height, w: size.width },
    };
    await this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /** `not-found` when the container is gone, or some minutes after the end. */
  async inspect(execId: string, signal: AbortSignal): Promise<ExecInspect> {
    const request: HttpRequest = { action: `inspect exec ${execId}`, method: "GET", path: ["exec", execId, "json"] };
    return await this.#caller.callJson(request, decodeExecInspect, { deadlineMs: this.#timeouts.quickMs, signal });
  }
}

/** Decodes `GET /exec/{id}/json`; a member of a wrong type is a JsonShapeError. */
export function decodeExecInspect(value: unknown): ExecInspect {
  const reader = new JsonReader(value, "exec");
  return { running: reader.boolean("Running"), exitCode: reader.number("ExitCode"), pid: reader.number("Pid") };
}

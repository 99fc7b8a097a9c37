import { appendFileSync } from "node:fs";
import { parseFakeProgram, type FakeProgram } from "./fake-program.ts";

/** The part of a create request that the fake looks at. */
export interface FakeSpec {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly source?: string; readonly destination: string }[];
}

/** A container without processes: it knows what would have happened to them. */
export class FakeContainer {
  readonly id: string;
  readonly spec: FakeSpec;
  readonly logPath: string;
  readonly #program: FakeProgram;
  /** Above all pids of a real kernel, so that nobody takes a process of this host for it, unless a test names one. */
  pid: number;
  readonly #waiters = new Set<() => void>();
  status: "created" | "running" | "exited" = "created";
  exitCode = 0;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  #timer: NodeJS.Timeout | undefined;
  #keepsPid = false;

  constructor(facts: { readonly id: string; readonly pid: number; readonly spec: FakeSpec; readonly logPath: string }) {
    this.id = facts.id;
    this.pid = facts.pid;
    this.spec = facts.spec;
    this.logPath = facts.logPath;
    this.#program = parseFakeProgram(facts.spec.command);
  }

  get canStart(): boolean {
    return this.#program.exists;
  }

  start(): void {
    this.status = "running";
    this.startedAt = new Date();
    for (const line of this.#program.lines) {
      appendFileSync(this.logPath, `${this.startedAt.toISOString().replace("Z", "000000+00:00")} stdout F ${line}\n`);
    }
    const { runsForMs } = this.#program;
    if (runsForMs !== undefined) this.#timer = setTimeout(() => this.end(this.#program.exitCode), runsForMs).unref();
  }

  /** What the signal does to the program; nothing, as a rule. */
  signal(number: number): void {
    if (number === 9) this.end(137);
    if (number === 15 && this.#program.exitCodeOnTerm !== undefined) this.end(this.#program.exitCodeOnTerm);
  }

  /** Ends it with this code, as if the program had. */
  end(exitCode: number): void {
    if (this.status !== "running") return;
    clearTimeout(this.#timer);
    this.status = "exited";
    this.exitCode = exitCode;
    this.finishedAt = new Date();
    for (const wake of this.#waiters) wake();
  }

  /** The state that Podman shows after the host was rebooted while the container ran. */
  forgetByReboot(): void {
    clearTimeout(this.#timer);
    Object.assign(this, { status: "created", exitCode: 0, startedAt: undefined, finishedAt: undefined });
  }

  /** The state that Podman shows when it was killed before it could note the start, and the process has ended since (podman 4.3). */
  forgetStart(): void {
    this.forgetByReboot();
    this.#keepsPid = true;
  }

  /** Settles when it does not run; at once for one that was never started, as with Podman. */
  async untilEnded(signal: AbortSignal): Promise<void> {
    if (this.status !== "running") return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** The answer of `GET containers/{id}/json` (podman 4.3), cut down to what the driver reads. */
  inspect(): unknown {
    const isRunning = this.status === "running";
    const moment = (date: Date | undefined): string => date?.toISOString() ?? "0001-01-01T00:00:00Z";
    return {
      Id: this.id,
      Name: this.spec.name,
      State: {
        Status: this.status,
        Running: isRunning,
        Pid: isRunning || this.#keepsPid ? this.pid : 0,
        ConmonPid: isRunning ? this.pid + 1 : 0,
        ExitCode: this.exitCode,
        OOMKilled: false,
        Error: "",
        StartedAt: moment(this.startedAt),
        FinishedAt: moment(this.finishedAt),
        CgroupPath: isRunning ? `/libpod_parent/libpod-${this.id}` : "",
      },
      Config: { Labels: this.spec.labels, StopSignal: 15, Cmd: this.spec.command, Entrypoint: "" },
      HostConfig: { LogConfig: { Type: "k8s-file", Path: this.logPath } },
      Mounts: this.spec.mounts.map((mount) => ({ Type: "bind", Source: mount.source ?? "", Destination: mount.destination })),
      NetworkSettings: { IPAddress: "", Networks: {}, Ports: {} },
    };
  }
}

import type { LogStream, RunEvent, RunResult, TaskName } from "@driver/nomad-host";

import { describeCheck } from "./describe-check.ts";
import { describeExit } from "./describe-exit.ts";
import { describeNoRestart, describeRestart } from "./describe-restart.ts";
import { describeLogEntry } from "./describe-log-entry.ts";
import { LinePrefixer } from "./line-prefixer.ts";
import type { Output } from "./output.ts";
import type { Look } from "./style.ts";
import { toPrintable } from "./to-printable.ts";

export interface RunPrinterOptions {
  /** Lines that tasks write to their stdout. */
  readonly stdout: Output;
  /** Lines that tasks write to their stderr, and the run's own events. */
  readonly stderr: Output;
  /** All tasks of the job: the prefixes are made equally wide. */
  readonly taskNames: readonly string[];
  /** True: some task names occur in several groups or copies, so the prefix names these, too. */
  readonly hasSeveralAllocations: boolean;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

const checkLooks: Readonly<Record<"critical" | "passing" | "warning", Look>> = { passing: "green", warning: "yellow", critical: "red" };
const palette: readonly Look[] = ["cyan", "yellow", "magenta", "blue", "green"];

/** Shows a run: `task | line` for what tasks write, and one line on stderr for each event. */
export class RunPrinter {
  readonly #options: RunPrinterOptions;
  readonly #prefixers = new Map<string, LinePrefixer>();
  readonly #startedAtMs: number;
  readonly #width: number;

  constructor(options: RunPrinterOptions) {
    this.#options = options;
    this.#startedAtMs = options.now();
    this.#width = Math.max(0, ...options.taskNames.map((name) => name.length));
  }

  /** To be given to `runJob`. */
  readonly print = async (event: RunEvent): Promise<void> => {
    if (event.kind === "task-log") return this.#printLog(event, event.stream, event.data);
    if (event.kind === "task-exited" || event.kind === "task-failed") await this.#flush(event);
    const line = this.#describe(event);
    if (line !== undefined) await this.#options.stderr.writeLine(line);
  };

  /** The last line: how long it took and what came out. */
  async printSummary(jobId: string, { exitCode, tasks }: RunResult): Promise<void> {
    const { stderr, now } = this.#options;
    const seconds = ((now() - this.#startedAtMs) / 1000).toFixed(1);
    const verdict = exitCode === 0 ? stderr.style("green", "done") : stderr.style("red", `exit code ${exitCode}`);
    await stderr.writeLine(
      `${stderr.style("bold", jobId)}: ${verdict}, ${tasks.length} ${tasks.length === 1 ? "task" : "tasks"} in ${seconds} s`,
    );
  }

  #describe(event: RunEvent): string | undefined {
    const { style } = this.#options.stderr;
    switch (event.kind) {
      case "driver-ready":
        return style("dim", toPrintable(`driver ${event.driver} ${event.version}: ${event.description}`));
      case "plugin-log":
        return event.entry.level === "warn" || event.entry.level === "error"
          ? style("yellow", toPrintable(`driver: ${describeLogEntry(event.entry)}`))
          : undefined;
      case "allocation":
        return style("dim", describeAllocation(event));
      case "task-starting":
        return undefined;
      case "task-running":
        return this.#line(event, "started");
      case "task-stopping":
        return this.#line(event, style("dim", toPrintable(`stopping: ${event.reason}`)));
      case "task-event":
        return this.#line(event, toPrintable(event.message));
      case "task-failed":
        return this.#line(event, style("red", toPrintable(`failed: ${event.message}`)));
      case "task-exited": {
        const isGood =
          event.isStoppedByHost || (event.result.exitCode === 0 && event.result.signal === 0 && event.result.error === undefined);
        const how = `${event.isStoppedByHost ? "stopped" : "ended"}: ${describeExit(event.result)}`;
        return this.#line(event, style(isGood ? "dim" : "red", toPrintable(how)));
      }
      case "task-restarting":
        return this.#line(event, style("yellow", describeRestart(event)));
      case "task-not-restarting":
        return this.#line(event, style("red", describeNoRestart(event)));
      case "check-status":
        return this.#describeCheck(event);
      case "periodic-waiting":
        return style("dim", `the next launch is at ${event.at.toISOString()}`);
      case "periodic-launch":
        return style("dim", toPrintable(`launch ${event.jobId}`));
      case "note":
        return style("yellow", toPrintable(`note: ${event.message}`));
      case "task-log":
        return undefined;
    }
  }

  /** A check of a group has no task to stand behind. */
  #describeCheck(event: Extract<RunEvent, { kind: "check-status" }>): string {
    const { group, allocIndex, task, status } = event;
    const { style } = this.#options.stderr;
    const text = style(checkLooks[status], toPrintable(describeCheck(event)));
    return task === undefined ? `group ${group}[${allocIndex}]: ${text}` : this.#line({ group, allocIndex, task }, text);
  }

  /** An event of a task: `*` where its log lines have `|`. */
  #line(name: TaskName, text: string): string {
    return `${this.#prefix(name, this.#options.stderr)} * ${text}`;
  }

  #prefix(name: TaskName, output: Output): string {
    const { taskNames, hasSeveralAllocations } = this.#options;
    const look = palette[Math.max(0, taskNames.indexOf(name.task)) % palette.length] ?? "cyan";
    const label = hasSeveralAllocations ? `${name.group}[${name.allocIndex}]/${name.task}` : name.task.padEnd(this.#width);
    return output.style(look, label);
  }

  async #printLog(name: TaskName, stream: LogStream, data: Uint8Array): Promise<void> {
    const output = this.#options[stream];
    if (!output.isClosed) await output.write(this.#prefixer(name, stream).push(data));
  }

  async #flush(name: TaskName): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) await this.#options[stream].write(this.#prefixer(name, stream).end());
  }

  #prefixer(name: TaskName, stream: LogStream): LinePrefixer {
    const key = `${name.group}/${name.allocIndex}/${name.task}/${stream}`;
    const known = this.#prefixers.get(key);
    if (known !== undefined) return known;
    const output = this.#options[stream];
    const bar = stream === "stderr" ? output.style("red", "|") : "|";
    const prefixer = new LinePrefixer(Buffer.from(`${this.#prefix(name, output)} ${bar} `));
    this.#prefixers.set(key, prefixer);
    return prefixer;
  }
}

function describeAllocation({ group, allocIndex, allocId, ports }: Extract<RunEvent, { kind: "allocation" }>): string {
  const places = ports.map(
    ({ label, hostIp, hostPort, to }) => `${label} ${hostIp}:${hostPort}${to > 0 && to !== hostPort ? ` → ${to}` : ""}`,
  );
  return [`group ${group}[${allocIndex}]: allocation ${allocId.slice(0, 8)}`, ...places].join(", ");
}

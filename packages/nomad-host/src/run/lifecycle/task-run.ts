import { setTimeout as delay } from "node:timers/promises";

import type { TaskConfig } from "@driver/nomad-plugin";

import { messageOf, toTimerMs } from "@driver/std";
import type { ChangeScript, JobType, Task, TaskTemplate } from "../../job/job.ts";
import type { FoundService } from "../../template/functions/host-functions.ts";
import type { AllocationChecks, TaskChecks } from "../checks/allocation-checks.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import { TaskLogs } from "../logs/task-logs.ts";
import type { LogCollection } from "../logs/task-logs.ts";
import type { RunListener, TaskName } from "../run-event.ts";
import type { ServiceRegistry } from "../services/service-registry.ts";
import type { VariableStore } from "../variables/variable-store.ts";
import { renewTaskId } from "./allocation.ts";
import { roleOf } from "./plan-lifecycle.ts";
import { planRestart, restartsOnSuccess } from "./plan-restart.ts";
import type { RestartDecision, RestartState, TaskEnding } from "./plan-restart.ts";
import { TaskLife } from "./task-life.ts";
import type { TaskLifeEnd } from "./task-life.ts";
import type { TaskPreparation } from "./task-preparation.ts";
import { TemplateWatch } from "./template-watch.ts";
import type { TaskOutcome } from "./task-outcome.ts";

export interface TaskRunOptions {
  readonly name: TaskName;
  readonly task: Task;
  readonly jobType: JobType;
  /** For the first start; later ones get an id of their own. */
  readonly config: TaskConfig;
  readonly preparation: TaskPreparation;
  readonly registry: ServiceRegistry;
  readonly variables: VariableStore;
  /** What is found by templates while the task runs. */
  readonly services: readonly FoundService[];
  /** Those of its allocation. */
  readonly checks: AllocationChecks;
  readonly session: DriverSession;
  readonly logCollection: LogCollection;
  readonly on: RunListener;
  /** Fires when the whole run is interrupted; the task itself is stopped by `stop`. */
  readonly signal: AbortSignal;
  /** Cuts all waiting short: the task is killed. */
  readonly killSignal: AbortSignal;
  /** Gives the jitter of restart delays: from 0 to below 1. */
  readonly random: () => number;
}

/** All lives of one task: it is started again as its restart policy says, until it is done, given up or stopped. */
export class TaskRun {
  /** Settles when the task runs for the first time, or is known never to. */
  readonly started: Promise<void>;
  /** Settles, and never rejects, when the task is over and nothing of it is left. */
  readonly finished: Promise<TaskOutcome>;
  readonly #options: TaskRunOptions;
  readonly #stop = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  #restartState: RestartState = { intervalStartMs: performance.now(), count: 0 };
  #life: TaskLife | undefined;
  #stopping: Promise<void> | undefined;
  /** Of the present life. */
  #checks: TaskChecks | undefined;
  #restarts = 0;
  /** Set when a life is ended so that another one follows: whatever the policy says, or as after a failure. */
  #restartWanted: "anyway" | "as-after-failure" | undefined;
  #isFailed = false;
  #isOver = false;

  constructor(options: TaskRunOptions) {
    this.#options = options;
    this.started = this.#started.promise;
    this.finished = this.#run();
    // Not earlier: who waits for the start of a task that failed must find its outcome noted.
    void this.finished.then(() => this.#started.resolve());
  }

  /** Stops the task in order, whatever it does at present, and lets it not start again. Settles when it is over. */
  async stop(reason: string): Promise<void> {
    this.#stopping ??= this.#runStop(reason);
    await this.#stopping;
    await this.finished;
  }

  /** Ends the task's life, if it has one, as a failure: what follows is up to its restart policy. Settles when it has ended. */
  async restartAsFailed(reason: string): Promise<void> {
    if (this.#life?.isStarted === true) await this.#restart(reason, "as-after-failure");
  }

  async #runStop(reason: string): Promise<void> {
    if (this.#isOver) return;
    const { on, name } = this.#options;
    this.#checks?.end();
    this.#stop.abort(new Error(reason));
    await on({ kind: "task-stopping", ...name, reason });
    await this.#life?.stop(reason);
  }

  async #run(): Promise<TaskOutcome> {
    const { name, task, config, logCollection, on } = this.#options;
    await using logs = new TaskLogs({ name, config, collection: logCollection, on });
    let end = await this.#live(config, logs);
    let next = await this.#follow(end);
    while (next === "restart") {
      this.#restarts += 1;
      end = await this.#live(renewTaskId(config), logs);
      next = await this.#follow(end);
    }
    this.#isOver = true;
    const { result, error } = end;
    const verdict = { isStoppedByHost: next === "stopped", isFailed: next === "fail", restarts: this.#restarts };
    return { ...name, role: roleOf(task), result, error, ...verdict };
  }

  async #live(config: TaskConfig, logs: TaskLogs): Promise<TaskLifeEnd> {
    const { name, task, preparation, registry, session, on, signal, killSignal } = this.#options;
    const wasInterrupted = signal.aborted;
    const life = new TaskLife({ name, task, config, preparation, session, logs, on, killSignal });
    this.#life = life;
    await life.started;
    const watches = new AsyncDisposableStack();
    if (life.isStarted) this.#noteStart(life, config.id, watches);
    await life.ended;
    // While it is removed nobody is to find it, or to fail for looking into it.
    this.#checks = undefined;
    registry.set(config.id, []);
    await watches.disposeAsync();
    const end = await life.finished;
    this.#life = undefined;
    // What hinders a start in the moment of Ctrl-C is laid to that, and the stop is on its way.
    if (end.ending.kind === "start-failed" && signal.aborted && !wasInterrupted) this.#stop.abort(signal.reason);
    return end;
  }

  #noteStart({ network }: TaskLife, id: string, watches: AsyncDisposableStack): void {
    const { preparation, registry, variables, services, checks, on, name } = this.#options;
    this.#started.resolve();
    registry.set(id, services);
    this.#checks = watches.use(checks.watchTask({ name: name.task, id, network, restart: (reason) => this.restartAsFailed(reason) }));
    if (this.#stop.signal.aborted) this.#checks.end();
    if (!preparation.isChanging) return;
    watches.use(
      new TemplateWatch({
        preparation,
        sources: [registry, variables],
        onChange: (changed, signal) => this.#followChange(changed, { taskId: id, signal }),
        onFailure: async (error) => on({ kind: "note", message: `${name.task}: its templates could not be rendered: ${messageOf(error)}` }),
      }),
    );
  }

  /** What the templates want when they have come to another text; a restart settles all (`nomad`: TaskTemplateManager). */
  async #followChange(changed: readonly TaskTemplate[], at: { readonly taskId: string; readonly signal: AbortSignal }): Promise<void> {
    const { on, name, random } = this.#options;
    const destinations = changed.map(({ destination }) => destination).join(", ");
    await on({ kind: "task-event", ...name, message: `rendered again: ${destinations}`, at: new Date() });
    const changes = changed.map(({ change }) => change).filter(({ mode }) => mode !== "noop");
    const splayMs = Math.max(0, ...changes.map((change) => change.splayMs));
    await delay(random() * splayMs, undefined, { signal: at.signal }).catch(() => undefined);
    if (at.signal.aborted || changes.length === 0) return;
    if (changes.some(({ mode }) => mode === "restart")) return this.#restart("a template has changed", "anyway");
    for (const signalName of new Set(changes.flatMap((change) => (change.mode === "signal" ? [change.signal] : []))))
      await this.#tryChange(`the signal ${signalName}`, () => this.#options.session.signalTask(at.taskId, signalName, at.signal));
    for (const { script } of changes) if (script !== undefined) await this.#runScript(script, at);
  }

  async #runScript(script: ChangeScript, { taskId, signal }: { readonly taskId: string; readonly signal: AbortSignal }): Promise<void> {
    const { command, args, timeoutMs, failsTask } = script;
    const isDone = await this.#tryChange(`change_script ${command}`, async () => {
      const { result } = await this.#options.session.execTask(taskId, { command: [command, ...args], timeoutMs }, signal);
      if (result.exitCode !== 0) throw new Error(`exit code ${result.exitCode}`);
    });
    if (isDone || !failsTask || signal.aborted) return;
    this.#isFailed = true;
    await this.#restart("its change_script failed", "anyway");
  }

  /** Says what went wrong, and whether nothing did. */
  async #tryChange(what: string, change: () => Promise<void>): Promise<boolean> {
    const { on, name } = this.#options;
    try {
      await change();
      return true;
    } catch (error) {
      await on({ kind: "note", message: `${name.task}: ${what} failed: ${messageOf(error)}` });
      return false;
    }
  }

  /** Ends this life; one that follows anyway does so at once, and does not count (`nomad`). */
  async #restart(reason: string, wanted: "anyway" | "as-after-failure"): Promise<void> {
    const { on, name } = this.#options;
    if (this.#stop.signal.aborted) return;
    this.#restartWanted = wanted;
    this.#checks?.end();
    await on({ kind: "task-stopping", ...name, reason });
    await this.#life?.stop(reason);
  }

  /** What comes after a life; before a restart it waits as long as the policy says. */
  async #follow(end: TaskLifeEnd): Promise<RestartDecision["action"] | "stopped"> {
    const { on, name, task } = this.#options;
    const { signal } = this.#stop;
    if (signal.aborted) return "stopped";
    if (this.#isFailed) return "fail";
    const wanted = this.#restartWanted;
    this.#restartWanted = undefined;
    if (wanted === "anyway") return "restart";
    const decision = this.#decide(wanted === "as-after-failure" ? { kind: "exited", isSuccessful: false } : end.ending);
    const { attempts, intervalMs } = task.restart;
    if (decision.action === "fail") await on({ kind: "task-not-restarting", ...name, reason: decision.reason, attempts, intervalMs });
    if (decision.action !== "restart") return decision.action;
    const { delayMs, attempt, isWithinPolicy, state } = decision;
    this.#restartState = state;
    await on({ kind: "task-restarting", ...name, delayMs, attempt, attempts, isWithinPolicy });
    await delay(toTimerMs(delayMs), undefined, { signal }).catch(() => undefined);
    return signal.aborted ? "stopped" : "restart";
  }

  #decide(ending: TaskEnding): RestartDecision {
    const { task, jobType, random } = this.#options;
    return planRestart(ending, {
      policy: task.restart,
      restartsOnSuccess: restartsOnSuccess(task, jobType),
      state: this.#restartState,
      nowMs: performance.now(),
      random: random(),
    });
  }
}

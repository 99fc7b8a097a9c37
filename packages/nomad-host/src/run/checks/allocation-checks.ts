import type { DriverNetwork } from "@driver/nomad-plugin";

import type { AllocatedPort } from "../ports/allocated-port.ts";
import type { RunListener } from "../run-event.ts";
import { CheckBoard } from "./check-board.ts";
import { CheckLoops } from "./check-loops.ts";
import { HealthWatch } from "./health-watch.ts";
import type { PlannedCheck } from "./planned-check.ts";
import { probeEndpoint, probeScript } from "./probe-check.ts";
import type { ScriptPlace } from "./probe-check.ts";

export interface AllocationChecksOptions {
  readonly name: { readonly group: string; readonly allocIndex: number };
  /** Of the group's services and of those of its tasks. */
  readonly checks: readonly PlannedCheck[];
  readonly ports: readonly AllocatedPort[];
  /** Of the group's own network; undefined: it has none. */
  readonly allocAddress: string | undefined;
  readonly session: ScriptPlace["session"];
  readonly on: RunListener;
  readonly random: () => number;
  /** Starts all running tasks of the allocation again, as after a failure; must not reject. */
  readonly restartTasks: (reason: string) => Promise<void>;
}

/** A task that runs. */
export interface CheckedTask {
  readonly name: string;
  /** Of this start. */
  readonly id: string;
  readonly network: DriverNetwork | undefined;
  /** Starts it again, as after a failure; must not reject. */
  readonly restart: (reason: string) => Promise<void>;
}

/** The checks of a task that runs, until it is disposed. */
export interface TaskChecks extends AsyncDisposable {
  /** Before the task is stopped: what its checks find from then on says nothing (`nomad`: the service is deregistered first). */
  end(): void;
}

/**
 * The checks of one allocation, until it is disposed. Those of the group, and all that a Nomad client runs itself, go on from its
 * start to its end; the others of a task, and scripts, while their task runs (`nomad`: checks_hook, service_hook).
 */
export class AllocationChecks implements AsyncDisposable {
  readonly #options: AllocationChecksOptions;
  readonly #board: CheckBoard;
  readonly #loops: CheckLoops;
  readonly #health: HealthWatch;

  constructor(options: AllocationChecksOptions) {
    const { name, checks, on } = options;
    this.#options = options;
    this.#board = new CheckBoard(name, on);
    this.#loops = this.#startLoops(checks.filter(isOfAllocation), undefined);
    this.#health = new HealthWatch({
      checks: checks.filter(({ ownerTask }) => ownerTask === undefined),
      board: this.#board,
      onUnhealthy: (check) => options.restartTasks(toReason(check)),
    });
  }

  /** Runs the checks of a task that has started, until what is returned is disposed. */
  watchTask({ name, id: taskId, network, restart }: CheckedTask): TaskChecks {
    const { checks, session, random } = this.#options;
    const own = checks.filter(({ ownerTask }) => ownerTask === name);
    for (const check of own) if (check.provider === "consul") this.#board.reset(check);
    const owned = new AsyncDisposableStack();
    const scripts = checks.filter(({ type, taskName }) => type === "script" && taskName === name);
    const probe = (check: PlannedCheck, signal: AbortSignal) => probeScript(check, { session, taskId }, signal);
    const loops = [
      owned.use(new CheckLoops({ checks: scripts, board: this.#board, probe, random })),
      owned.use(
        this.#startLoops(
          own.filter((check) => check.type !== "script" && !isOfAllocation(check)),
          network,
        ),
      ),
    ];
    owned.use(new HealthWatch({ checks: own, board: this.#board, onUnhealthy: (check) => restart(toReason(check)) }));
    return { end: () => loops.forEach((loop) => loop.end()), [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#health[Symbol.asyncDispose]();
    await this.#loops[Symbol.asyncDispose]();
  }

  #startLoops(checks: readonly PlannedCheck[], driverNetwork: DriverNetwork | undefined): CheckLoops {
    const { ports, allocAddress, random } = this.#options;
    const probe = (check: PlannedCheck, signal: AbortSignal) => probeEndpoint(check, { ports, allocAddress, driverNetwork }, signal);
    return new CheckLoops({ checks, board: this.#board, probe, random });
  }
}

function isOfAllocation({ type, provider, ownerTask }: PlannedCheck): boolean {
  return type !== "script" && (provider === "nomad" || ownerTask === undefined);
}

function toReason({ name }: PlannedCheck): string {
  return `check ${JSON.stringify(name)} is unhealthy`;
}

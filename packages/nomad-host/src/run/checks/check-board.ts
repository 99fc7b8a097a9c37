import type { RunListener } from "../run-event.ts";
import { countFinding } from "./count-finding.ts";
import type { CheckState } from "./count-finding.ts";
import type { CheckFinding, CheckStatus, PlannedCheck } from "./planned-check.ts";

/** How the checks of one allocation stand; tells each change. */
export class CheckBoard {
  readonly #name: { readonly group: string; readonly allocIndex: number };
  readonly #on: RunListener;
  readonly #states = new Map<PlannedCheck, CheckState>();

  constructor(name: { readonly group: string; readonly allocIndex: number }, on: RunListener) {
    this.#name = name;
    this.#on = on;
  }

  statusOf(check: PlannedCheck): CheckStatus {
    return (this.#states.get(check) ?? initialState(check)).status;
  }

  /** A check of a service that is registered anew begins anew, without a word. */
  reset(check: PlannedCheck): void {
    this.#states.delete(check);
  }

  async note(check: PlannedCheck, { status: found, output }: CheckFinding): Promise<void> {
    const known = this.#states.get(check);
    const before = known ?? initialState(check);
    const state = countFinding(before, found, check.thresholds);
    this.#states.set(check, state);
    const { status } = state;
    const isConfirmed = known === undefined && status === found;
    if (status === "pending" || (status === before.status && !isConfirmed)) return;
    const { service, name, provider, isReadiness, ownerTask, taskName, type } = check;
    const task = type === "script" ? taskName : ownerTask;
    const place = { ...this.#name, ...(task === undefined ? {} : { task }) };
    const mode = isReadiness ? "readiness" : "healthiness";
    await this.#on({ kind: "check-status", ...place, service, check: name, provider, mode, status, output });
  }
}

/** What a check counts as before its first result. */
function initialState({ provider, initialStatus }: PlannedCheck): CheckState {
  const ofConsul = initialStatus === "passing" || initialStatus === "warning" ? initialStatus : "critical";
  return { status: provider === "nomad" ? "pending" : ofConsul, successes: 0, failures: 0 };
}

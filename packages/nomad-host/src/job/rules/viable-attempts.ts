/** A limited reschedule policy. */
export interface ReschedulePlan {
  readonly attempts: number;
  readonly intervalMs: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly delayFunction: string;
}

/** Whether the attempts fit into the interval, as a Nomad server counts it. */
export function viableAttempts(plan: ReschedulePlan): boolean {
  const { attempts, intervalMs, delayMs, delayFunction } = plan;
  if (delayFunction === "constant") return intervalMs >= attempts * delayMs;
  if (delayFunction === "exponential") return exponentialAttempts(plan) >= attempts;
  return intervalMs >= lastFibonacciMs(plan);
}

function exponentialAttempts({ attempts, intervalMs, delayMs, maxDelayMs }: ReschedulePlan): number {
  let neededMs = 0;
  let possible = 0;
  for (let index = 0; index < attempts; index += 1) {
    const nextMs = 2 ** index * delayMs;
    neededMs = nextMs > maxDelayMs ? neededMs + maxDelayMs : nextMs;
    if (neededMs < intervalMs) possible += 1;
  }
  return possible;
}

function lastFibonacciMs({ attempts, delayMs, maxDelayMs }: ReschedulePlan): number {
  let [beforeMs, lastMs] = [delayMs, delayMs];
  let isAtCeiling = false;
  for (let index = 2; index < attempts; index += 1) {
    const sumMs = lastMs + beforeMs;
    const nextMs = isAtCeiling ? lastMs + maxDelayMs : Math.min(sumMs, maxDelayMs);
    isAtCeiling ||= sumMs > maxDelayMs;
    [beforeMs, lastMs] = [lastMs, nextMs];
  }
  return lastMs;
}

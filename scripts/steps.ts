import { runProcess } from "@driver/testing";

/** A named check before the tests: a program of node_modules/.bin, or a script of this folder. */
export interface Step {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
}

/** Runs steps side by side, prints a line for each in their order, and the output of those that fail. False if one did. */
export async function runSteps(steps: readonly Step[], signal: AbortSignal): Promise<boolean> {
  const running = steps.map(async (step) => {
    const startMs = performance.now();
    const [program = "", ...args] = step.command;
    const result = await runProcess(program, args, { signal });
    return { result, seconds: (performance.now() - startMs) / 1000 };
  });
  // Settled before the first line is awaited: a second step that fails on an abort must not fail unheard.
  const settled = Promise.allSettled(running);
  let passed = true;
  for (const [index, step] of steps.entries()) {
    const outcome = await running[index];
    if (outcome === undefined) continue;
    const { result, seconds } = outcome;
    process.stdout.write(`${result.code === 0 ? "✔" : "✖"} ${step.name} (${seconds.toFixed(1)} s)\n`);
    if (result.code !== 0) process.stdout.write(`${result.stdout}${result.stderr}\n`);
    passed &&= result.code === 0;
  }
  await settled;
  return passed;
}

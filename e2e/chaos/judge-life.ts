import { checkSequence, type WrittenLog } from "./log-sequence.ts";
import type { LifeReport } from "./task-life.ts";
import type { Stream, TaskScript } from "./task-script.ts";

/** Bytes of a log that one kill of the plugin may repeat. */
const repeatBytes = 64 * 1024;

export interface Verdict {
  readonly kind: "exit code" | "log" | "call" | "leak";
  readonly text: string;
}

/** What the driver did wrong by one task; empty: nothing. */
export function judgeLife(life: LifeReport): { readonly verdicts: readonly Verdict[]; readonly repeatedBytes: number } {
  if (life.failure !== undefined || life.result === undefined) {
    return { verdicts: [{ kind: "call", text: describe(life, life.failure ?? "no result") }], repeatedBytes: 0 };
  }
  const verdicts: Verdict[] = [];
  const { exitCode, error = "" } = life.result;
  if (exitCode !== life.script.exitCode) {
    verdicts.push({ kind: "exit code", text: describe(life, `exit code ${exitCode} instead of ${life.script.exitCode}; ${error}`) });
  }
  let repeatedBytes = 0;
  for (const stream of ["stdout", "stderr"] as const) {
    const findings = possibleLogs(life.script, stream, life.printed).map((written) =>
      checkSequence(life.logs[stream], written, { kills: life.pluginKills, repeatBytes }),
    );
    const best = findings.find((finding) => finding.problem === undefined) ?? findings.at(-1);
    repeatedBytes += best?.repeatedBytes ?? 0;
    if (best?.problem !== undefined) verdicts.push({ kind: "log", text: describe(life, `${stream}: ${best.problem}`) });
  }
  return { verdicts, repeatedBytes };
}

/** An endless script may have printed one line more than it had the time to note. */
function possibleLogs(script: TaskScript, stream: Stream, printed: number): WrittenLog[] {
  const farewell = stream === "stdout" ? script.farewell : "";
  const exact = (lines: number): WrittenLog => {
    const expected = Buffer.from(linesOf(script, stream, lines) + farewell);
    return { expected, certainBytes: expected.length, mayEndEarly: false };
  };
  return script.lines === undefined ? [exact(printed), exact(printed + 1)] : [exact(script.lines)];
}

/** All that a script may have printed until something killed it. */
export function anyBeginning(script: TaskScript, stream: Stream, printed: number): WrittenLog {
  const lines = script.lines ?? printed + 1;
  return {
    expected: Buffer.from(linesOf(script, stream, lines) + (stream === "stdout" ? script.farewell : "")),
    certainBytes: 0,
    mayEndEarly: true,
  };
}

function linesOf(script: TaskScript, stream: Stream, count: number): string {
  return Array.from({ length: count }, (_, index) => script.line(stream, index + 1)).join("");
}

function describe(life: LifeReport, text: string): string {
  return `${life.script.kind} task of ${life.allocId} (${life.pluginKills} plugin kills, ${life.startTries} start tries): ${text}`;
}

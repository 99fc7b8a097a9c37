import type { SeededRandom } from "@driver/testing";

export type Stream = "stdout" | "stderr";

/** A task that prints numbered lines on both streams, and what has to be seen of it. */
export interface TaskScript {
  readonly kind: "burst" | "steady" | "torrent" | "stoppable" | "stubborn";
  /** For `sh -c`. */
  readonly text: string;
  /** Reported when it ends by itself or by its own will; 137 for one that has to be killed. */
  readonly exitCode: number;
  /** Line `number` (from 1) of a stream, newline included. */
  line(stream: Stream, number: number): string;
  /** Lines of each stream; undefined: it prints until it is stopped, and notes each number in /alloc/printed. */
  readonly lines: number | undefined;
  /** Printed to stdout after the last line. */
  readonly farewell: string;
}

const padding = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(2);

export function drawScript(random: SeededRandom): TaskScript {
  const kind = random.pick([
    "burst",
    "burst",
    "burst",
    "steady",
    "steady",
    "steady",
    "steady",
    "torrent",
    "stoppable",
    "stubborn",
  ] as const);
  const exitCode = kind === "stubborn" ? 137 : random.pick([0, 0, 1, 3, random.between(4, 120)]);
  const plan = { kind, exitCode, pad: padding.slice(0, random.between(0, padding.length)), random };
  switch (kind) {
    case "burst":
      return toLoop({ ...plan, lines: random.between(0, 150), pauseEvery: 0, pause: "" });
    case "steady":
      return toLoop({
        ...plan,
        lines: random.between(20, 120),
        pauseEvery: random.between(4, 12),
        pause: random.pick(["0.1", "0.2", "0.4"]),
      });
    case "torrent":
      return toTorrent({ ...plan, lines: random.between(5000, 30_000) });
    case "stoppable":
    case "stubborn":
      return toEndless(plan);
  }
}

interface ScriptPlan {
  readonly kind: TaskScript["kind"];
  readonly exitCode: number;
  readonly pad: string;
}

function withLines({ kind, exitCode, pad }: ScriptPlan, rest: Pick<TaskScript, "text" | "lines" | "farewell">): TaskScript {
  return { kind, exitCode, line: (stream, number) => `${stream} ${number} ${pad}\n`, ...rest };
}

function toLoop(plan: ScriptPlan & { readonly lines: number; readonly pauseEvery: number; readonly pause: string }): TaskScript {
  const { lines, pad, pauseEvery, pause, exitCode } = plan;
  const rest = pauseEvery === 0 ? "" : `[ $((i % ${pauseEvery})) = 0 ] && sleep ${pause};`;
  const print = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "stdout $i ${pad}"; echo "stderr $i ${pad}" >&2; ${rest} done`;
  // A last line without its newline has to arrive as well.
  return withLines(plan, { lines, farewell: "no newline here", text: `${print}; printf "no newline here"; exit ${exitCode}` });
}

/** awk writes in blocks, so that lines are cut anywhere. */
function toTorrent(plan: ScriptPlan & { readonly lines: number }): TaskScript {
  const { lines, pad, exitCode } = plan;
  const program = `BEGIN { for (i = 1; i <= ${lines}; i++) { print "stdout " i " ${pad}"; print "stderr " i " ${pad}" > "/dev/stderr" } }`;
  return withLines(plan, { lines, farewell: "", text: `awk '${program}'; exit ${exitCode}` });
}

function toEndless(plan: ScriptPlan): TaskScript {
  const { kind, pad, exitCode } = plan;
  const farewell = kind === "stoppable" ? "good bye\n" : "";
  const trap = kind === "stoppable" ? `trap 'echo good bye; exit ${exitCode}' TERM` : "trap '' TERM";
  const printOnce = `echo "stdout $i ${pad}"; echo "stderr $i ${pad}" >&2; echo $i >> /alloc/printed`;
  const print = `i=0; while :; do i=$((i+1)); ${printOnce}; sleep 0.1; done`;
  return withLines(plan, { lines: undefined, farewell, text: `${trap}; ${print}` });
}

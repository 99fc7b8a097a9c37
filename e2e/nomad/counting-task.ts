import { checkSequence } from "../chaos/log-sequence.ts";

/** Longest tail that one kill of the plugin may have delivered twice where Nomad collects the logs. */
const repeatBytes = 64 * 1024;

/** A script that prints a numbered line some times a second until it is released, then says so and exits with `code`. */
export function countingScript(word: string, code: number): string {
  return `n=0; until [ -e /alloc/data/released ]; do n=$((n+1)); echo ${word} $n; sleep 0.02; done; echo ${word} ends at $n; exit ${code}`;
}

/** The highest number in the log of a counting task. */
export function lastCount(log: Buffer, word: string): number {
  return Math.max(0, ...[...log.toString().matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map((match) => Number(match[1])));
}

/** What is wrong with the whole log of a counting task, or undefined; each kill of the plugin may have repeated a tail. */
export function checkCounting(log: Buffer, word: string, kills: number): string | undefined {
  const end = new RegExp(`${word} ends at (\\d+)\\n$`).exec(log.toString());
  if (end === null) return `the log has no end: ${JSON.stringify(log.subarray(-80).toString())}`;
  const count = Number(end[1]);
  const lines = Array.from({ length: count }, (_, index) => `${word} ${index + 1}\n`);
  return checkWhole(log, `${lines.join("")}${word} ends at ${count}\n`, kills);
}

/** What is wrong with a log that must be `text`, or undefined; each kill of the plugin may have repeated a tail. */
export function checkWhole(log: Buffer, text: string, kills: number): string | undefined {
  const expected = Buffer.from(text);
  return checkSequence(log, { expected, certainBytes: expected.length, mayEndEarly: false }, { kills, repeatBytes }).problem;
}

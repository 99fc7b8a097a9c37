/** What a fake container does once it is started. */
export interface FakeProgram {
  /** False: Podman cannot run it. */
  readonly exists: boolean;
  /** Written to stdout at the start, line by line. */
  readonly lines: readonly string[];
  /** Undefined: it runs until it is told to end. */
  readonly runsForMs: number | undefined;
  readonly exitCode: number;
  /** Exit code after SIGTERM; undefined: the signal has no effect, as for every first process that does not ask for it. */
  readonly exitCodeOnTerm: number | undefined;
}

/**
 * Reads the little shell that the tests use: `echo WORD`, `sleep SECONDS`, `while :; …`, `exit CODE`, and
 * `trap 'exit CODE' TERM`. A program that is neither `sh` nor `sleep` does not exist.
 */
export function parseFakeProgram(command: readonly string[]): FakeProgram {
  const [program = "sh", ...args] = command;
  const script = program === "sleep" ? `sleep ${args[0] ?? "0"}` : args.slice(1).join(" ");
  const traps = /trap '(?:exit (\d+))?' TERM/.exec(script);
  const plain = script.replace(/trap '[^']*' \w+/g, "");
  const sleeps = [...plain.matchAll(/sleep ([\d.]+)/g)].map(([, seconds]) => Number(seconds) * 1000);
  return {
    exists: program === "sh" || program === "sleep",
    lines: [...plain.matchAll(/echo (\S+?)(?:;|$)/g)].map(([, word = ""]) => word),
    runsForMs: /while :/.test(plain) ? undefined : sleeps.reduce((sum, one) => sum + one, 0),
    exitCode: Number(/exit (\d+)\s*$/.exec(plain)?.[1] ?? 0),
    exitCodeOnTerm: traps?.[1] === undefined ? undefined : Number(traps[1]),
  };
}

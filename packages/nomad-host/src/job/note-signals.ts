import type { BlockReader } from "./block-reader.ts";
import type { JobNote } from "./job.ts";
import type { taskKeys } from "./keys/task-keys.ts";

/** The names that a Nomad client has in `attr.os.signals` (`consul-template` 0.42.1, on Linux). */
const clientSignals: ReadonlySet<string> = new Set(
  [
    ...["SIGABRT", "SIGALRM", "SIGBUS", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGNULL"],
    ...["SIGPIPE", "SIGPROF", "SIGQUIT", "SIGSEGV", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU"],
    ...["SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGXCPU", "SIGXFSZ"],
  ],
);

/** What is told of signals that take effect here, and for which a server would find no client. */
export function noteSignals(tasks: readonly BlockReader<typeof taskKeys>[]): readonly JobNote[] {
  return tasks.flatMap((task) => {
    const kill = noteOf(task.get("kill_signal"), { name: "kill_signal", position: positionOf(task, "kill_signal") });
    const changes = task.blocks("template").filter((template) => template.get("change_mode") === "signal");
    return [
      ...kill,
      ...changes.flatMap((template) =>
        // A template's is written in capitals by the server.
        noteOf(template.get("change_signal")?.toUpperCase(), { name: "change_signal", position: positionOf(template, "change_signal") }),
      ),
    ];
  });
}

function positionOf({ block }: Pick<BlockReader<typeof taskKeys>, "block">, name: string): JobNote["position"] {
  return block.body.attributes.find((attribute) => attribute.name === name)?.position ?? block.position;
}

function noteOf(signal = "", { name, position }: { readonly name: string; readonly position: JobNote["position"] }): readonly JobNote[] {
  const given = signal.trim();
  if (given === "" || clientSignals.has(given)) return [];
  const full = `SIG${given.toUpperCase().replace(/^SIG/, "")}`;
  const remedy = clientSignals.has(full) ? `write "${full}"` : "its clients do not offer it";
  return [{ message: `${name} ${JSON.stringify(given)}: Nomad would place the task nowhere; ${remedy}`, position }];
}

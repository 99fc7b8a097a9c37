import { toSignalNumber } from "@driver/nomad-plugin";
import { plainDelimiters } from "../template/parse-template.ts";
import { parseTaskTemplate } from "../template/task-template.ts";
import { TemplateError } from "../template/template-error.ts";
import type { BlockReader } from "./block-reader.ts";
import type { TaskTemplate, TemplateChange } from "./job.ts";
import type { templateKeys } from "./keys/task-keys.ts";

type TemplateReader = BlockReader<typeof templateKeys>;

const defaultSplayMs = 5_000;
const defaultScriptTimeoutMs = 5_000;

/** Decodes a `template` block; what is wrong in its text is told with the line there. */
export function decodeTemplate(reader: TemplateReader): TaskTemplate {
  const data = reader.get("data") ?? "";
  const source = reader.get("source") ?? "";
  const destination = reader.get("destination") ?? "";
  const perms = reader.get("perms") ?? "";
  if (data === "" && source === "") reader.report("template: data is missing or empty", "data");
  if (data !== "" && source !== "") reader.report("template: data and source exclude each other", "source");
  if (destination === "") reader.report("template: destination is missing", "destination");
  if (perms !== "" && !(/^[0-7]+$/.test(perms) && Number.parseInt(perms, 8) < 0o10000))
    reader.report(`argument perms in template: must be an octal mode such as "0644", not ${JSON.stringify(perms)}`, "perms");
  const delimiters = {
    left: reader.get("left_delimiter") || plainDelimiters.left,
    right: reader.get("right_delimiter") || plainDelimiters.right,
  };
  checkText(reader, { data, delimiters });
  const [uid, gid] = [decodeOwner(reader, "uid"), decodeOwner(reader, "gid")];
  return {
    data,
    source,
    delimiters,
    isOnce: reader.get("once") ?? false,
    refusesMissingKeys: reader.get("error_on_missing_key") ?? false,
    change: decodeChange(reader),
    destination,
    env: reader.get("env") ?? false,
    perms: perms === "" ? "0644" : perms,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    position: reader.block.position,
  };
}

function checkText(reader: TemplateReader, { data, delimiters }: Pick<TaskTemplate, "data" | "delimiters">): void {
  try {
    parseTaskTemplate(data, delimiters);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    for (const { line, message, isForeign } of [error, ...error.further]) {
      const placed = `template, line ${line} of its text: ${message}`;
      if (isForeign) reader.refuse(placed, "data");
      else reader.report(placed, "data");
    }
  }
}

/** A negative number says nothing (`nomad`). */
function decodeOwner(reader: TemplateReader, name: "uid" | "gid"): number | undefined {
  const id = reader.get(name);
  return id === undefined || id < 0 ? undefined : id;
}

/** The mode is looked at elsewhere, by what a server asks. */
function decodeChange(reader: TemplateReader): TemplateChange {
  const mode = reader.get("change_mode") ?? "";
  const signal = reader.get("change_signal") ?? "";
  const script = reader.optionalBlock("change_script");
  if (mode === "signal" && signal !== "" && toSignalNumber(signal) === undefined)
    reader.report(`argument change_signal in template: must be a signal such as "SIGHUP", not ${JSON.stringify(signal)}`, "change_signal");
  return {
    mode: mode === "noop" || mode === "signal" || mode === "script" ? mode : "restart",
    signal: mode === "signal" ? signal : "",
    ...(script === undefined
      ? {}
      : {
          script: {
            command: script.get("command") ?? "",
            args: script.get("args") ?? [],
            timeoutMs: script.get("timeout") ?? defaultScriptTimeoutMs,
            failsTask: script.get("fail_on_error") ?? false,
          },
        }),
    splayMs: reader.get("splay") ?? defaultSplayMs,
  };
}

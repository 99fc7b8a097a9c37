import { isAbsolute, join } from "node:path";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";

/** What `security_opt`, `selinux_opts` and `apparmor_profile` come to. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** Podman's words for the SELinux label, such as `type:spc_t` and `disable`. */
  readonly selinux: readonly string[];
  /** True: the task may start containers of its own with labels of their own. */
  readonly isLabelNested: boolean;
  readonly apparmor: string | undefined;
  /** A path on the host of the Podman service, or `unconfined`. */
  readonly seccomp: string | undefined;
  readonly procOptions: readonly string[];
  readonly mask: readonly string[];
  readonly unmask: readonly string[];
}

type Writable = { -readonly [K in keyof SecurityOptions]: SecurityOptions[K] };

interface Entry {
  /** As the job wrote it. */
  readonly text: string;
  readonly value: string;
}

interface Context {
  readonly task: TaskConfig;
  readonly report: Report;
}

const nothing: SecurityOptions = {
  noNewPrivileges: false,
  selinux: [],
  isLabelNested: false,
  apparmor: undefined,
  seccomp: undefined,
  procOptions: [],
  mask: [],
  unmask: [],
};

/** What each word before the `=` of an entry means. Undefined: it was refused. */
const readers: Readonly<Record<string, (entry: Entry, found: SecurityOptions, context: Context) => Partial<SecurityOptions> | undefined>> =
  {
    "no-new-privileges": ({ text, value }, _found, { report }) => {
      if (["", "true", "false"].includes(value)) return { noNewPrivileges: value !== "false" };
      return refuse(report, text, "is neither true nor false", "write no-new-privileges, or no-new-privileges=false");
    },
    label: ({ text, value }, found, { report }) => {
      if (value === "nested") return { isLabelNested: true };
      return isLabel(value) ? { selinux: [...found.selinux, value] } : refuse(report, text, "is no SELinux option", `write ${labelForms}`);
    },
    apparmor: ({ text, value }, _found, { report }) =>
      value === "" ? refuse(report, text, "names no profile", "write apparmor=unconfined or apparmor=profile") : { apparmor: value },
    seccomp: ({ text, value }, _found, { task, report }) =>
      value === ""
        ? refuse(report, text, "names no profile", "write seccomp=unconfined or seccomp=path")
        : { seccomp: toSeccomp(value, task) },
    "proc-opts": ({ value }, found) => ({ procOptions: [...found.procOptions, ...value.split(",").filter((option) => option !== "")] }),
    mask: ({ text, value }, found, { report }) => {
      const paths = toPaths(text, value, report);
      return paths === undefined ? undefined : { mask: [...found.mask, ...paths] };
    },
    unmask: ({ text, value }, found, { report }) => {
      const paths = value.toUpperCase() === "ALL" ? ["ALL"] : toPaths(text, value, report);
      return paths === undefined ? undefined : { unmask: [...found.unmask, ...paths] };
    },
    systempaths: ({ text, value }, found, { report }) =>
      value === "unconfined"
        ? { unmask: [...found.unmask, "ALL"] }
        : refuse(report, text, "is no option of systempaths", "write systempaths=unconfined"),
  };

/** Reads `security_opt` as Podman's and Docker's command lines do: `key=value`, or `key:value`. */
export function readSecurityOptions(texts: readonly string[], context: Context): SecurityOptions {
  const found: Writable = { ...nothing };
  const said = new Map<string, string | undefined>();
  for (const text of texts.filter((one) => one !== "")) {
    const [, key = text, value = ""] = (text.includes("=") ? /^([^=]*)=([^]*)$/ : /^([^:]*):([^]*)$/).exec(text) ?? [];
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (reader === undefined) refuse(context.report, text, "is no security option", `write one of ${Object.keys(readers).join(", ")}`);
    else {
      const read = reader({ text, value }, found, context);
      const before = said.get(key);
      if (read !== undefined && before !== undefined && onceOnly.includes(key) && before !== JSON.stringify(read)) {
        refuse(context.report, text, "contradicts an earlier entry", `keep one ${key}`);
      }
      said.set(key, JSON.stringify(read));
      Object.assign(found, read);
    }
  }
  return found;
}

/** Of these the last one would count, and nobody be told. */
const onceOnly = ["no-new-privileges", "apparmor", "seccomp"];

const labelForms = "disable, nested, or user:, role:, type:, level: or filetype: with a value";

/** Podman refuses other words where SELinux is on, and takes anything where it is off (podman 4.3 to 6.1). */
export function isLabel(text: string): boolean {
  return text === "disable" || /^(user|role|type|level|filetype):./.test(text);
}

/** Says what is wrong with an entry of `selinux_opts`. */
export function refuseLabel(report: Report, text: string): void {
  report.refuse({ key: "selinux_opts", value: text, problem: "is no SELinux option", remedy: `write ${labelForms}` });
}

/** A relative profile is in the task's folder, where a template or an artifact puts it. */
function toSeccomp(value: string, task: TaskConfig): string {
  return value === "unconfined" || isAbsolute(value) ? value : join(task.allocDir, task.name, value);
}

/** Podman does nothing with a relative path, or with several in one entry (podman 4.3 to 6.1). */
function toPaths(text: string, value: string, report: Report): readonly string[] | undefined {
  const paths = value.split(":").filter((path) => path !== "");
  if (paths.length > 0 && paths.every((path) => isAbsolute(path))) return paths;
  return refuse(
    report,
    text,
    "has a path that is not absolute",
    "write absolute paths with : between them, such as /proc/kcore:/proc/keys",
  );
}

function refuse(report: Report, value: string, problem: string, remedy: string): undefined {
  report.refuse({ key: "security_opt", value, problem, remedy });
  return undefined;
}

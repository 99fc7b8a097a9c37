import type { Report } from "../../config/report.ts";

/** What a task asks of the kernel for its namespaces. */
export interface WantedSysctl {
  /** As the job writes them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Names whose value is empty: the kernel takes nothing for no change, and nobody tells (linux). */
  readonly unset: readonly string[];
}

export function wantSysctl(sysctl: Readonly<Record<string, string>>, report: Report): WantedSysctl {
  const names = Object.keys(sysctl);
  for (const [index, name] of names.entries()) {
    if (name === "") report.refuse({ key: "sysctl", problem: "has a setting without a name", remedy: "write e.g. net.core.somaxconn" });
    const twin = names.slice(0, index).find((one) => toDottedName(one) === toDottedName(name));
    if (twin === undefined) continue;
    report.refuse({
      key: `sysctl.${name}`,
      value: sysctl[name],
      problem: `is a second name for sysctl.${twin}, which is set too`,
      remedy: "remove one of the two",
    });
  }
  const entries = Object.entries(sysctl);
  return {
    settings: Object.fromEntries(entries.filter(([, value]) => value !== "")),
    unset: entries.flatMap(([name, value]) => (value === "" ? [name] : [])),
  };
}

/** `net.ipv4.conf.eth0/1.forwarding` for `net/ipv4/conf/eth0.1/forwarding`: the first of the two signs parts a name (sysctl.d(5)). */
function toDottedName(name: string): string {
  if (/[./]/.exec(name)?.[0] !== "/") return name;
  return name.replaceAll(/[./]/g, (sign) => (sign === "/" ? "." : "/"));
}

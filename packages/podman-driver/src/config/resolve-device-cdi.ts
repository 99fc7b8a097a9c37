import type { Report } from "./report.ts";

/** The CDI kinds by the variables that name their devices. */
export function resolveDeviceCdi(kinds: Readonly<Record<string, string>>, report: Report): Readonly<Record<string, string>> {
  for (const [variable, kind] of Object.entries(kinds)) {
    if (/^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*$/.test(kind)) continue;
    report.refuse({
      key: `device_cdi.${variable}`,
      value: kind,
      problem: "is no CDI kind",
      remedy: "vendor/class would be right, e.g. nvidia.com/gpu",
    });
  }
  return kinds;
}

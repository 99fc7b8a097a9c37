import type { ContainerSpec } from "@driver/libpod";
import type { Suspect } from "../blame.ts";
import type { Given, PlanContext } from "../topic.ts";
import { refuseBefore } from "../refuse-before.ts";
import { isLabel, readSecurityOptions, refuseLabel, type SecurityOptions } from "./security-options.ts";

interface ConfinementOptions {
  readonly security_opt: readonly string[];
  readonly selinux_opts: readonly string[];
  readonly apparmor_profile: string | undefined;
}

/** What confines the task besides capabilities and namespaces, from the three keys that can say it. */
export function wantConfinement(
  options: ConfinementOptions,
  { task, report, wish }: Pick<Given, "task" | "report" | "wish">,
): SecurityOptions {
  const read = readSecurityOptions(options.security_opt, { task, report });
  const labels = options.selinux_opts.filter((text) => text !== "");
  for (const text of labels) if (!isLabel(text)) refuseLabel(report, text);
  const { apparmor_profile: profile } = options;
  if (profile !== undefined && read.apparmor !== undefined && profile !== read.apparmor) {
    report.refuse({
      key: "apparmor_profile",
      value: profile,
      problem: `is not the ${read.apparmor} of security_opt`,
      remedy: "remove one of them",
    });
  }
  const wanted: SecurityOptions = { ...read, selinux: [...labels, ...read.selinux], apparmor: read.apparmor ?? profile };
  for (const lifted of whatIsLifted(wanted)) wish({ kind: "unconfined", ...lifted });
  return wanted;
}

/** What makes the task less confined than one that asks for nothing, or may: an own profile can allow everything. */
function whatIsLifted({
  seccomp,
  apparmor,
  selinux,
  isLabelNested,
  procOptions,
  unmask,
}: SecurityOptions): readonly { readonly key: string; readonly value: string; readonly what: string }[] {
  const key = "security_opt";
  return [
    ...(seccomp === undefined ? [] : [{ key, value: `seccomp=${seccomp}`, what: "Podman's seccomp profile" }]),
    ...(apparmor === undefined ? [] : [{ key, value: `apparmor=${apparmor}`, what: "Podman's AppArmor profile" }]),
    ...selinux.map((label) => ({ key, value: `label=${label}`, what: "Podman's SELinux label" })),
    ...(isLabelNested ? [{ key, value: "label=nested", what: "Podman's SELinux label" }] : []),
    ...(procOptions.length > 0 ? [{ key, value: `proc-opts=${procOptions.join(",")}`, what: "Podman's options of /proc" }] : []),
    ...(unmask.length > 0 ? [{ key, value: `unmask=${unmask.join(":")}`, what: "masks over /proc and /sys" }] : []),
  ];
}

/**
 * Podman takes SELinux options where there is no SELinux, and does nothing with them (podman 4.3 to 6.1): the task would be less
 * confined than it asks to be.
 */
export function planConfinement(wanted: SecurityOptions, { facts, report }: Pick<PlanContext, "facts" | "report">): Partial<ContainerSpec> {
  const { noNewPrivileges, selinux, isLabelNested, apparmor, seccomp, procOptions, mask, unmask } = wanted;
  const confining = selinux.filter((label) => label !== "disable");
  if (confining.length > 0 && !facts.selinuxEnabled) {
    const remedy = "remove it, or bind the job to hosts that have it with a constraint on ${attr.driver.podman.selinuxEnabled}";
    report.refuse({ key: "selinux_opts", value: confining.join(","), problem: "needs SELinux, and this host has none", remedy });
  }
  if (apparmor !== undefined && apparmor !== "unconfined" && !facts.apparmorEnabled) {
    const remedy = "remove it, or bind the job to hosts that have it with a constraint on ${attr.driver.podman.appArmor}";
    report.refuse({ key: "apparmor_profile", value: apparmor, problem: "needs AppArmor, and this host has none", remedy });
  }
  if (isLabelNested) refuseBefore({ key: "security_opt", value: "label=nested", since: [5, 0] }, { facts, report });
  return {
    ...(noNewPrivileges && { no_new_privileges: true }),
    ...(selinux.length > 0 && { selinux_opts: selinux }),
    ...(isLabelNested && { label_nested: true }),
    ...(apparmor !== undefined && { apparmor_profile: apparmor }),
    ...(seccomp !== undefined && { seccomp_profile_path: seccomp }),
    ...(procOptions.length > 0 && { procfs_opts: procOptions }),
    ...(mask.length > 0 && { mask }),
    ...(unmask.length > 0 && { unmask }),
    ...withAnnotations(wanted),
  };
}

/** What Podman, or the kernel, says of a profile or of options at the create or start. */
export function toConfinementSuspects({ seccomp, procOptions }: SecurityOptions): readonly Suspect[] {
  const suspects = [
    { words: /seccomp profile/, name: "seccomp", value: seccomp ?? "", want: "which must be a profile in JSON" },
    {
      words: /mounting "proc"|mount `proc` to/,
      name: "proc-opts",
      value: procOptions.join(","),
      want: "which must be options that the kernel knows",
    },
  ];
  return suspects.flatMap(({ name, value, ...suspect }) =>
    value === "" ? [] : [{ ...suspect, key: "security_opt", value: `${name}=${value}` }],
  );
}

/** Inspect shows these options where the container has them as annotations, as the command line and the Go driver make them. */
function withAnnotations({ selinux, apparmor, seccomp }: SecurityOptions): Pick<ContainerSpec, "annotations"> {
  const annotations = {
    ...(selinux.length > 0 && { "io.podman.annotations.label": selinux.join(",label=") }),
    ...(apparmor !== undefined && { "io.podman.annotations.apparmor": apparmor }),
    ...(seccomp !== undefined && { "io.podman.annotations.seccomp": seccomp }),
  };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

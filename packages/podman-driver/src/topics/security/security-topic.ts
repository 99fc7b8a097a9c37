import { attr } from "@driver/nomad-plugin";
import { blame } from "../blame.ts";
import { mergeSpecs } from "../merge-parts.ts";
import { topic } from "../topic.ts";
import { wantCapabilities } from "./want-capabilities.ts";
import { planConfinement, toConfinementSuspects, wantConfinement } from "./want-confinement.ts";
import { planGroups, toGroupSuspects, verifyGroups, wantGroups } from "./want-groups.ts";

/** What the task may do. */
export const securityTopic = topic({
  fields: {
    privileged: attr.bool({ default: false, help: "Run with all rights of the Podman service." }),
    cap_add: attr.list("string", { help: "Capabilities added to those that Podman gives every task, such as NET_ADMIN; ALL: every one." }),
    cap_drop: attr.list("string", { help: "Capabilities taken away; ALL: every one that cap_add does not name." }),
    group_add: attr.list("string", { help: "More groups of the task's user, by name or id; keep-groups: those of the Podman service." }),
    security_opt: attr.list("string", {
      needs: "label=nested: 5.0",
      help: "no-new-privileges, systempaths=unconfined, and seccomp, apparmor, label, mask, unmask or proc-opts with = and a value.",
    }),
    selinux_opts: attr.list("string", {
      help: "Options of the SELinux label: disable, or user:, role:, type:, level: or filetype: with a value.",
    }),
    apparmor_profile: attr.string({ help: "AppArmor profile, or unconfined; not set: Podman's own profile, where the host has AppArmor." }),
  },
  want: (options, given) => ({
    capabilities: wantCapabilities(options, given),
    confinement: wantConfinement(options, given),
    groups: wantGroups(options.group_add, given),
  }),
  plan: ({ capabilities: { privileged, add, drop }, confinement, groups }, context) => {
    const { spec = {}, isVerified = false } = planGroups(groups);
    const rights = {
      ...(privileged && { privileged }),
      ...(add.length > 0 && { cap_add: add }),
      ...(drop.length > 0 && { cap_drop: drop }),
    };
    const suspects = [...toGroupSuspects(groups), ...toConfinementSuspects(confinement)];
    return {
      spec: mergeSpecs([rights, planConfinement(confinement, context), spec]),
      isVerified,
      explain: (podmanText) => blame(podmanText, suspects),
    };
  },
  verify: ({ groups }, made) => verifyGroups(groups, made),
});

import { attr } from "@driver/nomad-plugin";
import { topic } from "./topic.ts";

/** What the task may do. */
export const securityTopic = topic({
  fields: {
    privileged: attr.bool({ default: false, notYet: true, help: "Run with all rights of the Podman service." }),
    cap_add: attr.list("string", { notYet: true, help: "Capabilities added." }),
    cap_drop: attr.list("string", { notYet: true, help: "Capabilities taken away." }),
    security_opt: attr.list("string", { notYet: true, help: "Security options as key=value, e.g. no-new-privileges, seccomp=path." }),
    selinux_opts: attr.list("string", { notYet: true, help: "SELinux options of the process label." }),
    apparmor_profile: attr.string({ notYet: true, help: "AppArmor profile, or unconfined." }),
  },
  want: () => undefined,
  plan: () => ({}),
});

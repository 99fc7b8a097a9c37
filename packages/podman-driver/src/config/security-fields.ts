import { attr } from "@driver/nomad-plugin";

/** Rights and namespaces. */
export const securityFields = {
  privileged: attr.bool({ default: false, help: "Run with all rights of the Podman service." }),
  cap_add: attr.list("string", { help: "Capabilities added." }),
  cap_drop: attr.list("string", { help: "Capabilities taken away." }),
  security_opt: attr.list("string", { help: "Security options as key=value, e.g. no-new-privileges, seccomp=path." }),
  selinux_opts: attr.list("string", { help: "SELinux options of the process label." }),
  apparmor_profile: attr.string({ help: "AppArmor profile, or unconfined." }),
  userns: attr.string({ help: "User namespace: host, auto, keep-id, nomap, each with its options." }),
  ipc_mode: attr.string({ help: "IPC namespace: host, private, shareable, none, container:id, ns:path or task:name." }),
};

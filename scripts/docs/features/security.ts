import type { FeatureSection } from "../feature-table.ts";

export const securityFeatures: FeatureSection = {
  title: "Security and namespaces",
  rows: [
    ["`privileged`", "M", "test/security > has all of the service's rights when it is privileged"],
    ["`cap_add` and `cap_drop`", "M", "test/security > has the capabilities that are added, and not those that are dropped", "test/security > has one capability alone where all others are dropped"],
    ["`security_opt`", "M", "test/security-options > security options"],
    ["A seccomp profile, or none", "M", "test/security-options > take a seccomp profile from the task's folder", "test/security-options > turn seccomp off"],
    ["AppArmor", "M", "test/security-options > that the host cannot give do not let the task run", "test/security-options > that turn off what the host has not are taken", "not yet seen on a host that has it"],
    ["SELinux", "M", "test/security-options > that the host cannot give do not let the task run", "test/security-options > that turn off what the host has not are taken", "not yet seen on a host that has it"],
    ["Paths masked and unmasked, options of /proc", "M", "test/security-options > mask paths, and lift Podman's masks", "test/security-options > say how /proc is mounted"],
    ["No new privileges", "M", "test/security-options > keep a task from getting more rights, or do not"],
    ["User namespaces: host, auto, mapped ids, another task's", "M", "test/security > has ids that Podman chooses with auto", "test/security > has the ids that the job maps", "test/security > is that of another task of the allocation", "test/security > is the host's where the job says so"],
    ["keep-id and nomap", "M", "src/topics/namespaces/userns > a rootful Podman has no nomap, and keep-id only since it stopped to refuse it"],
    ["`ipc_mode`", "M", "test/namespaces > shares the host's namespace or has one of its own", "test/namespaces > joins another task of the allocation, a container and a file"],
    ["`pid_mode`", "M", "test/namespaces > shares the host's namespace or has one of its own", "test/namespaces > joins another task of the allocation, a container and a file"],
    ["`uts_mode`", "M", "test/namespaces > shares the host's namespace or has one of its own", "test/namespaces > joins another task of the allocation, a container and a file"],
    ["A rootless engine", "M", "a rootless service is not part of the tests"],
    ["Log FIFOs that a rootless engine can write to", "M", "test/logs > keeps stdout and stderr apart, without a prefix and without a newline of its own", "the plugin writes to them, so no engine needs a right"],
    ["Users that Nomad makes for a task", "C"],
    ["Isolation modes of Windows", "N", "Podman's service runs Linux containers"],
  ],
};

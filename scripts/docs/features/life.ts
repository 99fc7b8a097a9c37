import type { FeatureSection } from "../feature-table.ts";

const logs: FeatureSection = {
  title: "Logs",
  rows: [
    ["stdout and stderr apart", "M", "test/logs > keeps stdout and stderr apart, without a prefix and without a newline of its own"],
    ["The bytes as they were written", "M", "test/logs > carries bytes that are no text", "test/logs > carries a line of a megabyte"],
    [
      "Podman's log drivers with options",
      "M",
      "test/log-drivers > a task that names the log driver … has its output collected whole, whatever the size",
      "test/log-drivers > a task that keeps no log ends as any other, and nothing of it is collected",
      "test/journald > a journald task is the plugin's wish unless the task has its own, and carries the options",
    ],
    [
      "Output goes on while the plugin starts anew",
      "M",
      "test/recover > takes a running task over from a plugin that was killed, and loses no line",
    ],
    [
      "What came while the client was away is made up for",
      "S",
      "test/recover > reports what happened while no plugin ran",
      "e2e/nomad/agent-kill > tasks that run on or end while the … are away keep true codes and whole logs",
    ],
    [
      "The last lines before the end",
      "M",
      "test/logs > delivers the last lines before it reports the end, and at once when they are taken",
      "test/proxy-exit > an exit is reported with its code and all output while Podman refuses connections",
    ],
    ["`logs { disabled = true }`", "M", "test/logs > writes nothing for a task whose logs are disabled, with log_collection = \"…\""],
  ],
};

const life: FeatureSection = {
  title: "Life, recovery, exec and statistics",
  rows: [
    [
      "The end is noticed",
      "M",
      "test/proxy-exit > Podman is not asked for the end of a container that is in sight, and tells of it all the same where it is not",
      "src/task/exit-watcher > goes on after hints that mean nothing",
    ],
    [
      "The true exit code of a slow stop",
      "M",
      "test/stop-signal > asks a task to end and reports its own exit code",
      "test/stop-signal > kills a task that outlives its time-out",
    ],
    [
      "Kills for memory are told",
      "M",
      "test/life > reports a task killed for memory as such",
      "test/life > reports a task killed for memory under an init as such",
      "test/life > reports a task that fails after it has lost a child for memory as killed for memory",
    ],
    ["A failure as a text beside its code", "C"],
    [
      "A container of the same name",
      "M",
      "test/start-errors > replaces what an earlier start of the same task has left",
      "test/start-errors > leaves a stranger's container alone and says whose it is",
    ],
    [
      "Starts go on over hiccups of Podman",
      "S",
      "test/start-retries > starts a task once in spite of …",
      "test/proxy-start > a start succeeds though Podman fails once at … (…)",
    ],
    ["Errors say whether another try may help", "M", "test/start-errors > says when trying again may help"],
    ["A running task is taken over", "M", "test/recover > takes a running task over from a plugin that was killed, and loses no line"],
    ["The exit code of a task that ended while Nomad was down", "M", "test/recover > reports what happened while no plugin ran"],
    [
      "Tasks of the Go driver are taken over",
      "M",
      "test/recover > takes over a running task that the Go driver has started",
      "src/task/task-state > is read as its codec wrote it",
    ],
    ["`kill_signal`", "M", "test/stop-signal > honours kill_signal …"],
    [
      "`kill_timeout`",
      "M",
      "test/stop-signal > kills a task that outlives its time-out",
      "test/stop-signal > stops at once with a time-out of zero",
    ],
    ["Signals that do not exist are refused", "M", "test/stop-signal > refuses signals that do not exist, and names them"],
    [
      "A forced destroy",
      "M",
      "test/proxy-stop > a forced destroy needs no Podman (…): the task is dead within seconds, and its container goes later",
    ],
    [
      "Commands for checks and scripts",
      "M",
      "test/exec > runs a command and gives its output and exit code",
      "test/exec > kills a command that takes too long, its background children included",
    ],
    [
      "`nomad alloc exec`",
      "M",
      "test/exec > carries megabytes both ways, byte for byte",
      "test/exec > gives a terminal of the size asked for",
      "e2e/nomad/task-life > can be entered by alloc exec with piped input: it ends, both streams come, and so does the code",
    ],
    [
      "Statistics of the CPU, throttling included",
      "M",
      "test/stats > measures a busy task as the kernel counts it",
      "test/stats > reports throttling under a hard limit",
    ],
    [
      "Statistics of the memory",
      "M",
      "test/stats > measures a busy task as the kernel counts it",
      "src/host/cgroup-counters > reads the accounting of cgroup v2",
    ],
    ["Statistics of single processes, networks and disks", "C"],
    ["Attributes of a task", "S", "test/life > tells a task's status while it runs and after it has ended"],
    [
      "Task events of pulls, progress, health and memory",
      "S",
      "test/health > tells of a task that becomes healthy, unhealthy and healthy again",
      "test/image-pull > tells how far it is after 10 s, in bytes that are there",
    ],
    [
      "Pods, or containers that hold a group's network",
      "S",
      "test/group-network > gives a group one pod, whose network, host name and 127.0.0.1 its tasks share, and removes it with the group",
      "test/group-network > tasks that start again find their group's network and pod as they left it",
    ],
    [
      "A pod of Podman's joined, or one for each allocation",
      "S",
      "test/pods > a task joins a pod, with its network, ports and host name, and goes without it",
      "test/group-network > gives a group one pod, whose network, host name and 127.0.0.1 its tasks share, and removes it with the group",
      "test/group-network > a task in a group's pod is in the cgroup that it is in without one, and none is made for the pod",
    ],
    ["Checkpoint and restore", "N", "Nomad moves tasks by starting them anew"],
    ["kube play and Quadlet", "N", "they have a life of their own outside of Nomad"],
  ],
};

const node: FeatureSection = {
  title: "The node's attributes",
  rows: [
    [
      "`driver.podman`",
      "M",
      "src/engine/fingerprint > is healthy and names the service's properties",
      "e2e/nomad/task-life > the node lists the driver as healthy, with its attributes",
    ],
    ["Podman's version", "M", "src/engine/fingerprint > is healthy and names the service's properties"],
    [
      "rootless, cgroups, seccomp, SELinux, AppArmor, capabilities, runtime, socket",
      "M",
      "src/engine/fingerprint > is healthy and names the service's properties",
      "test/several-sockets > a Podman's attributes have the Go driver's names, and say what it says of itself",
    ],
    [
      "What the operator allows: privileged, volumes, processes",
      "S",
      "src/engine/fingerprint > tells what tasks may ask for, under the names of Nomad's Docker driver",
    ],
    [
      "Runtimes, operating system, address of the bridge",
      "S",
      "src/host/oci-runtimes > finds the runtimes that can be run, and adds the one Podman has chosen",
      "src/engine/fingerprint > is healthy and names the service's properties",
      "the bridge's address is not there",
    ],
    [
      "Attributes of each further service",
      "M",
      "src/engine/fingerprint > gives each other service a prefix of its own that Nomad can take",
    ],
    [
      "Network backend, rootless network, CDI devices, storage driver",
      "C",
      "src/engine/fingerprint > tells a rootless service's network command, and the CDI devices there are",
    ],
  ],
};

export const lifeFeatures: readonly FeatureSection[] = [logs, life, node];

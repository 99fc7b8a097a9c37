import type { FeatureSection } from "../feature-table.ts";

const names = "test/networks > gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address";
const resolver = "test/process > gives the task its own resolver";
const devices = "test/devices > devices come in under the name and with the permissions that strings and blocks say";

export const dockerFeatures: FeatureSection = {
  title: "Keys of Nomad's Docker driver",
  rows: [
    [
      "A job that is Docker's but for its driver's name",
      "M",
      "e2e/docker-job > a job of Nomad's Docker driver with another driver's name runs, and each key does what it does there",
    ],
    [
      "`advertise_ipv6_address`",
      "S",
      "test/networks > tells Nomad the IPv6 address where the task asks for that, and says so where it has none",
    ],
    ["`auth.server_address`", "C", "src/plan/container-plan > needs the image of ……"],
    ["`cgroupns`", "M", "test/namespaces > shares the host's namespace or has one of its own"],
    [
      "`container_exists_attempts`, `cpuset_cpus` and `auth.email`, which have no effect, as a task event says",
      "S",
      "test/docker-task > a task written for Nomad's Docker driver runs with all its keys, and its author is told which of them do nothing",
    ],
    ["`devices` as blocks", "S", devices],
    ["`dns_servers`, `dns_search_domains`, `dns_options`", "S", resolver],
    ["`entrypoint` and `command` as in Docker", "M", "test/task-config > replaces the image's entrypoint and command"],
    ["`group_add`", "M", "test/security-options > are those of the user and those that are added"],
    ["`healthchecks`", "M", "test/health > turns the image's health check off"],
    ["`interactive`", "M", "test/process > gives the task a terminal, and keeps its standard input open"],
    ["`isolation`", "N", "Windows alone: refused by name"],
    ["`load`", "M", "test/image-archive > in the task's own folder is found there: by load, and by a path without a slash in front"],
    ["`logging` with `type` and `config`", "M", "src/config/resolve-log-origin > Docker's spelling of a logging block"],
    ["`mac_address`", "S", "test/networks > gives a task a fixed address and Docker's mac_address on the default network"],
    ["`memory_hard_limit`", "C", "test/limits > kills a task at Docker's hard limit, and says which that was"],
    [
      "`mount` and `mounts`",
      "M",
      "test/mounts > mount blocks bind, and lay memory of a size and mode",
      "test/mounts > a mount block's volume is made with its driver, labels and options, filled by the image, and kept",
      "test/mounts > a volume is made by the driver that it names, and by no other where Podman has none of that name",
      "test/volumes > mounts of the host's come through as far as the propagation says",
    ],
    ["`network_aliases`", "M", names],
    [
      "`pid_mode`, `uts_mode`, `userns_mode`",
      "M",
      "test/namespaces > shares the host's namespace or has one of its own",
      "test/security > has ids that Podman chooses with auto alone",
    ],
    ["`runtime`", "S", "src/topics/runtime/runtime-topic > that … names is asked for, and what Podman has made is looked at"],
    ["`shm_size` as a number", "M", "test/mounts > shm_size … is the size of /dev/shm"],
    ["`storage_opt`", "S", "test/mounts > storage_opt reaches Podman, whose storage here takes none and says so"],
    ["`volume_driver`", "S", "test/mounts > volume_driver makes a name of a bare source"],
    ["`work_dir`", "S", "test/process > gives the task its time zone, its umask and a working directory that Docker would make"],
    [
      "In the plugin's configuration: `gc`, `allow_…`, `allowed_modes`, `pids_limit`, `logging`, the times of pulls",
      "M",
      "src/policy/policy > the table of docs/policy.md",
      "test/image-clean-up > stays while a task runs, and goes a while after, with all its names",
    ],
    [
      "`endpoint`, `tls`",
      "C",
      "e2e/docker-job > an agent block of Nomad's Docker driver with another plugin's name configures this one",
      "e2e/docker-job > its tls block goes with an endpoint over tcp, and one that says nothing with any",
    ],
    [
      "`infra_image`, `infra_image_pull_timeout`",
      "S",
      "test/infra-image > is pulled once with the operator's login, and a pod made of its ID asks no registry",
      "test/infra-image > has a time of its own, which the error names, and Podman's words where there is none",
    ],
    [
      "`nvidia_runtime`, `container_exists_attempts` and `oom_score_adj` for all tasks, which have no effect, as the log says",
      "S",
      "src/config/driver-config > says which keys of Docker's have no effect here, and why",
      "test/devices > CDI names are found in the host's specs, and device_cdi makes them of what a plugin assigns",
    ],
    ["`windows_allow_insecure_container_admin`", "N", "Windows alone"],
  ],
};

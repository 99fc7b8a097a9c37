/** The keys of HashiCorp's Go driver for Podman (0.6); all are keys here, under the same names. */
export const goKeys: { readonly plugin: readonly string[]; readonly task: readonly string[] } = {
  plugin: [
    ...["auth", "auth.config", "auth.helper", "volumes", "volumes.enabled", "volumes.selinuxlabel", "gc", "gc.container"],
    ...["recover_stopped", "extra_labels", "logging", "logging.driver", "logging.options", "networking"],
    ...["networking.default_rootless_mode", "socket", "socket.name", "socket.socket_path"],
    ...["socket_path", "disable_log_collection", "client_http_timeout", "dns_servers"],
  ],
  task: [
    ...["image", "command", "args", "entrypoint", "working_dir", "hostname", "auth", "auth.username", "auth.password", "auth.tls_verify"],
    ...["auth_soft_fail", "image_pull_timeout", "force_pull", "arch", "os", "variant", "socket", "labels", "logging", "logging.driver"],
    ...["logging.options", "volumes", "tmpfs", "devices", "init", "init_path", "tty", "memory_reservation", "memory_swap"],
    ...["memory_swappiness", "cpu_hard_limit", "cpu_cfs_period", "pids_limit"],
    ...["oom_score_adj", "ulimit", "sysctl", "shm_size", "ipc_mode"],
    ...["userns", "privileged", "cap_add", "cap_drop", "security_opt", "selinux_opts", "apparmor_profile", "readonly_rootfs"],
    ...["network_mode", "ipv4_address", "ipv6_address", "static_ips", "static_mac", "extra_hosts", "ports", "port_map"],
  ],
};

/** What Nomad's Docker driver (2.0) calls a key of ours. */
export type DockerNames = Readonly<Record<string, string>>;

export const dockerNames: { readonly plugin: DockerNames; readonly task: DockerNames } = {
  plugin: {
    ...alike(["auth", "auth.config", "auth.helper", "image_pull_timeout", "pull_activity_timeout", "volumes", "volumes.enabled"]),
    ...alike(["volumes.selinuxlabel", "gc", "gc.container", "gc.image", "gc.image_delay", "gc.dangling_containers"]),
    ...alike(["gc.dangling_containers.enabled", "gc.dangling_containers.period", "gc.dangling_containers.creation_grace"]),
    ...alike(["gc.dangling_containers.dry_run", "allow_privileged", "allow_caps"]),
    ...alike(["allow_runtimes", "allowed_modes", "allowed_modes.pid"]),
    ...alike(["allowed_modes.ipc", "allowed_modes.userns", "allowed_modes.uts", "pids_limit", "extra_labels", "logging", "logging.type"]),
    ...alike(["logging.config", "disable_log_collection", "infra_image", "infra_image_pull_timeout", "container_exists_attempts"]),
    ...alike(["endpoint", "tls", "tls.cert", "tls.key", "tls.ca", "nvidia_runtime", "oom_score_adj"]),
    ...alike(["windows_allow_insecure_container_admin"]),
    "logging.driver": "logging.type",
    "logging.options": "logging.config",
    socket_path: "endpoint",
    "socket.tls": "tls",
    "socket.tls.ca": "tls.ca",
    "socket.tls.cert": "tls.cert",
    "socket.tls.key": "tls.key",
  },
  task: {
    ...alike(["image", "load", "auth", "auth.username", "auth.password", "auth.server_address", "auth_soft_fail", "image_pull_timeout"]),
    ...alike(["force_pull", "command", "args", "entrypoint", "work_dir", "hostname", "init", "tty", "interactive", "labels", "logging"]),
    ...alike(["logging.type", "logging.config", "logging.driver", "volumes", "volume_driver", "mount", "mounts", "readonly_rootfs"]),
    ...alike(["storage_opt", "shm_size", "devices", "memory_hard_limit"]),
    ...alike(["cpu_hard_limit", "cpu_cfs_period", "cpuset_cpus", "pids_limit"]),
    ...alike(["oom_score_adj", "ulimit", "sysctl", "privileged", "cap_add", "cap_drop", "group_add", "security_opt", "runtime"]),
    ...alike(["userns_mode", "ipc_mode", "pid_mode", "uts_mode", "cgroupns", "network_mode", "ipv4_address", "ipv6_address"]),
    ...alike(["mac_address", "network_aliases", "advertise_ipv6_address", "extra_hosts", "ports", "port_map", "dns_servers"]),
    ...alike(["dns_search_domains", "dns_options", "healthchecks"]),
    ...alike(["healthchecks.disable", "auth.email", "container_exists_attempts", "isolation"]),
    ...alike(inMounts(["type", "target", "source", "readonly", "bind_options", "bind_options.propagation", "tmpfs_options"])),
    ...alike(inMounts(["tmpfs_options.size", "tmpfs_options.mode", "volume_options", "volume_options.no_copy", "volume_options.labels"])),
    ...alike(inMounts(["volume_options.driver_config", "volume_options.driver_config.name", "volume_options.driver_config.options"])),
    working_dir: "work_dir",
    userns: "userns_mode",
    oci_runtime: "runtime",
    static_mac: "mac_address",
    "logging.options": "logging.config",
  },
};

function alike(names: readonly string[]): DockerNames {
  return Object.fromEntries(names.map((name) => [name, name]));
}

function inMounts(names: readonly string[]): readonly string[] {
  return ["mount", "mounts"].flatMap((block) => names.map((name) => `${block}.${name}`));
}

import { imageCleanUpDefaults } from "./image-clean-up-policy.ts";
import { imageDefaults } from "./image-settings.ts";
import { logFileOptionDefaults } from "./resolve-log-files.ts";
import { possibleLogDrivers, possibleLogOptions } from "./resolve-log-origin.ts";
import { attr, block, blockAttrs, blockList, configSchema, type Infer } from "@driver/nomad-plugin";

/** The values of Nomad's Docker driver. */
const danglingDefaults = { enabled: true, period: "5m", creation_grace: "5m", dry_run: false } as const;

const modeLists = {
  pid: attr.list("string", { help: "Modes of pid_mode; default: by policy." }),
  ipc: attr.list("string", { help: "Modes of ipc_mode; default: by policy." }),
  userns: attr.list("string", { help: "Modes of userns; a task that sets none has the mode default. Default: by policy." }),
  uts: attr.list("string", { help: "Modes of uts_mode; default: by policy." }),
  network: attr.list("string", { help: "Modes of network_mode; a task that sets none has the mode default. Default: by policy." }),
  cgroup: attr.list("string", { help: "Modes of cgroupns; default: by policy." }),
};

const tlsFields = {
  ca: attr.string({ help: "PEM file of the authorities that the service's certificate is checked with; default: those of the host." }),
  cert: attr.string({ help: "PEM file of the certificate that is shown to the service; with key." }),
  key: attr.string({ help: "PEM file of the key of cert." }),
};

/** What a client's operator sets in `plugin "nomad-driver-podman" { config { … } }`. */
export const pluginSchema = configSchema(
  {
    auth: block(
      {
        config: attr.string({ help: "Path of a containers auth.json or Docker config.json file with registry credentials." }),
        helper: attr.string({
          help: "Program on PATH that knows the credentials, without the docker-credential- of its name, e.g. ecr-login.",
        }),
        username: attr.string({ help: "User name at the registry server_address." }),
        password: attr.string({ secret: true, help: "Password or token at the registry server_address." }),
        server_address: attr.string({ help: "The one registry that username and password are for, e.g. registry.example.com:5000." }),
      },
      { help: "Registry credentials for all tasks." },
    ),
    image_pull_timeout: attr.string({
      default: imageDefaults.image_pull_timeout,
      help: "Longest time a pull may take where the task does not say; 0: no limit.",
    }),
    pull_activity_timeout: attr.string({
      default: imageDefaults.pull_activity_timeout,
      help: "Longest time of a download in which nothing comes; 0: no limit.",
    }),
    infra_image: attr.string({
      help: "Image of the infra containers of pods, e.g. registry.k8s.io/pause:3.9; default: Podman makes its own.",
    }),
    infra_image_pull_timeout: attr.string({
      default: imageDefaults.infra_image_pull_timeout,
      help: "Longest time until infra_image is there; 0: no limit.",
    }),
    volumes: block(
      {
        enabled: attr.bool({ default: true, help: "Allow named volumes, and binds of host paths outside the allocation directory." }),
        selinuxlabel: attr.string({ help: "SELinux mount option (z or Z) for the allocation's and Nomad's own mounts; not set: none." }),
        allowed_paths: attr.list("string", {
          help: "The only host paths outside the allocation directory that tasks may bind, with all below them; empty: any.",
        }),
      },
      { default: { enabled: true }, help: "What tasks may mount." },
    ),
    allow_devices: attr.list("string", {
      help: "The only devices that tasks may ask for, as globs of paths and CDI names, e.g. /dev/dri/*; empty: any.",
    }),
    device_cdi: blockAttrs("string", {
      help: 'For device plugins that assign by a variable: variable = CDI kind, e.g. NVIDIA_VISIBLE_DEVICES = "nvidia.com/gpu".',
    }),
    gc: block(
      {
        container: attr.bool({ default: true, help: "Remove a task's container when Nomad destroys the task." }),
        image: attr.bool({
          default: imageCleanUpDefaults.image,
          help: "Remove images that this driver has pulled when no container uses them any more.",
        }),
        image_delay: attr.string({
          default: imageCleanUpDefaults.image_delay,
          help: "Time without a container after which an image is removed.",
        }),
        image_keep: attr.list("string", { help: "Glob patterns of image names that are never removed, e.g. docker.io/library/*." }),
        image_others: attr.bool({ default: imageCleanUpDefaults.image_others, help: "Remove images too that this driver has not pulled." }),
        image_high_water: attr.number({
          format: "float64",
          help: "Use of the images' disk in percent from which on unused images are removed; not set: they always are.",
        }),
        image_low_water: attr.number({
          format: "float64",
          help: "Use in percent at which the removal stops; default: 10 below image_high_water.",
        }),
        image_dry_run: attr.bool({ default: imageCleanUpDefaults.image_dry_run, help: "Only log which images would be removed." }),
        dangling_containers: block(
          {
            enabled: attr.bool({ default: danglingDefaults.enabled, help: "Remove containers of this node's tasks that Nomad has lost." }),
            period: attr.string({ default: danglingDefaults.period, help: "Time between two looks for such containers." }),
            creation_grace: attr.string({
              default: danglingDefaults.creation_grace,
              help: "Least age of such a container, and time that the agent gets to hand its tasks over.",
            }),
            dry_run: attr.bool({ default: danglingDefaults.dry_run, help: "Only log what would be removed." }),
          },
          { default: danglingDefaults, help: "Containers that no task owns any more." },
        ),
      },
      { default: { container: true, ...imageCleanUpDefaults, dangling_containers: danglingDefaults }, help: "What is cleaned up." },
    ),
    policy: attr.string({
      oneOf: ["open", "strict"],
      default: "open",
      help: "What tasks may ask for where the keys below do not say it: everything, or what is as safe as with Docker.",
    }),
    allow_privileged: attr.bool({ help: "Allow privileged; default: true, and false where something is limited that it would undo." }),
    allow_unconfined: attr.bool({ help: "Allow tasks to lift seccomp, AppArmor, SELinux or the masks over /proc; default: by policy." }),
    allow_caps: attr.list("string", { help: "The most capabilities a task can have; none: no capability at all. Default: by policy." }),
    allow_runtimes: attr.list("string", {
      help: "Globs of the OCI runtimes that tasks may choose; * allows annotations too. Default: by policy.",
    }),
    allow_image_urls: attr.list("string", {
      help: "Globs of the http addresses that archives of images may come from; none: no address. Default: by policy.",
    }),
    allowed_modes: block(modeLists, { help: "Globs of the namespace modes that tasks may have; one that begins with ! takes away." }),
    allowed_sockets: attr.list("string", { help: "Globs of the names of the sockets that tasks may run on; default: all." }),
    pids_limit: attr.number({ help: "The most processes of a task, and the limit of a task that sets none; 0: Podman's default." }),
    allow_swap: attr.bool({ default: true, help: "Allow tasks to swap; false: no task does, as with Docker's driver." }),
    container_exists_attempts: attr.number({
      unused: "a name that is in use is waited for, or its holder named, without it",
      help: "Docker's key, without effect here.",
    }),
    nvidia_runtime: attr.string({
      unused: "device_cdi gives tasks what NVIDIA's device plugin assigns, with every runtime",
      help: "Docker's key, without effect here: see device_cdi.",
    }),
    oom_score_adj: attr.number({
      unused: "Nomad's Docker driver does not use it either; set it in the task",
      help: "Docker's key, which has no effect there either.",
    }),
    windows_allow_insecure_container_admin: attr.bool({
      unused: "Podman runs no containers of Windows",
      help: "Docker's key, without effect here.",
    }),
    recover_stopped: attr.bool({ default: false, help: "Start a stopped container again when its task is recovered." }),
    extra_labels: attr.list("string", { help: "Glob patterns of the Nomad labels put on each container, e.g. task*; not set: none." }),
    logging: block(
      {
        driver: attr.string({
          only: possibleLogDrivers,
          help:
            "Podman log driver: nomad (the default) and k8s-file are Podman's own file, journald is the host's journal, none keeps " +
            "nothing.",
        }),
        options: blockAttrs("string", { only: possibleLogOptions, help: "Options of the log driver, e.g. tag or max-size." }),
        type: attr.string({ only: possibleLogDrivers, help: "Docker's name for driver." }),
        config: blockAttrs("string", { only: possibleLogOptions, help: "Docker's name for options." }),
      },
      { default: { driver: "nomad", options: {} }, help: "Log driver of tasks that set none." },
    ),
    networking: block(
      {
        default_rootless_mode: attr.string({
          help: "Network mode of rootless tasks that set none; empty: pasta, and slirp4netns before Podman 5.0.",
        }),
      },
      { default: { default_rootless_mode: "" }, help: "Network defaults." },
    ),
    group_network: attr.string({
      oneOf: ["nomad", "pod"],
      default: "nomad",
      help: "Who makes the network namespaces of groups: nomad, or this driver as a pod of each allocation (pod).",
    }),
    socket: blockList(
      {
        name: attr.string({ help: "Name that tasks choose the service by; default: default." }),
        socket_path: attr.string({
          help: "Address of the service, e.g. unix:///run/podman/podman.sock or tcp://host:2376; required without host_user.",
        }),
        host_user: attr.string({
          help: "The user, by name or id, whose Podman it is; without socket_path it is the service of his session.",
        }),
        tls: block(tlsFields, { help: "TLS for a service on another host; required with tcp://." }),
      },
      { help: "Several Podman services; not together with socket_path." },
    ),
    socket_path: attr.string({ help: "Address of the one Podman service; default: the service of the agent's own user." }),
    endpoint: attr.string({ help: "Docker's word for socket_path." }),
    tls: block(tlsFields, { help: "TLS for a socket_path that begins with tcp://." }),
    disable_log_collection: attr.bool({ default: false, help: 'Collect no container output; the same as log_collection = "off".' }),
    log_collection: attr.string({
      oneOf: ["nomad", "driver", "off"],
      default: "nomad",
      help: "Who writes alloc/logs: nomad through its logmon, driver itself, or nobody (off).",
    }),
    log_files: block(
      {
        max_files: attr.number({ default: logFileOptionDefaults.max_files, help: "Log files kept of each stream of a task." }),
        max_file_size: attr.string({
          default: logFileOptionDefaults.max_file_size,
          help: "Size at which a log file is followed by the next, e.g. 10m.",
        }),
      },
      { default: logFileOptionDefaults, help: 'Rotation of the log files that the driver writes with log_collection = "driver".' },
    ),
    open_allocation_path: attr.bool({
      default: false,
      help:
        "Let the user of a rootless Podman pass the folders on the way to an allocation, by an ACL on each that keeps him out; " +
        "false: the task's error names them.",
    }),
    client_http_timeout: attr.string({ default: "60s", help: "Longest wait for an answer of the Podman API; 0: no limit." }),
    dns_servers: attr.list("string", { help: "Name servers of tasks without a Nomad dns block; not set: Podman's, which are the host's." }),
  },
  { title: "plugin config", whenEmpty: "defaults" },
);

export type PluginOptions = Infer<typeof pluginSchema>;

import { attr, block, mapAttr } from "@driver/nomad-plugin";

/** What runs in the container and what it is called. */
export const processFields = {
  command: attr.string({ help: "Command; not set: the image's." }),
  args: attr.list("string", { help: "Arguments of the command, or of the image's entrypoint." }),
  entrypoint: attr.any({ help: "Entrypoint as a list; replaces the image's. A string is deprecated and is not split." }),
  working_dir: attr.string({ help: "Working directory." }),
  hostname: attr.string({ help: "Host name inside the container." }),
  init: attr.bool({ default: false, help: "Run an init process as PID 1 that reaps children." }),
  init_path: attr.string({ help: "Path of the init program on the host." }),
  tty: attr.bool({ default: false, help: "Give the task a terminal." }),
  labels: mapAttr("string", { help: "Labels of the container." }),
  log_files: block(
    {
      max_files: attr.number({ help: "Log files kept of each stream; not set: as the plugin says." }),
      max_file_size: attr.string({ help: "Size at which a log file is followed by the next, e.g. 10m; not set: as the plugin says." }),
    },
    { help: 'Rotation of this task\'s log files where the plugin has log_collection = "driver".' },
  ),
  logging: block(
    {
      driver: attr.string({ help: "Podman log driver: nomad and k8s-file are Podman's own file, journald is the host's journal, none keeps nothing." }),
      options: mapAttr("string", { help: "Options of the log driver, e.g. tag or max-size." }),
    },
    { help: "Log driver of this task; replaces the plugin's." },
  ),
};

import { attr, mapAttr } from "@driver/nomad-plugin";

/** Limits beyond those of the job's resources block. */
export const resourceFields = {
  memory_reservation: attr.string({ help: "Soft memory limit, e.g. 100m." }),
  memory_swap: attr.string({ help: "Limit of memory and swap together, e.g. 180m; -1: no limit." }),
  memory_swappiness: attr.number({ help: "Inclination to swap, 0 to 100; cgroup v1 only." }),
  cpu_hard_limit: attr.bool({ default: false, help: "Limit CPU time to the task's share even on an idle machine." }),
  cpu_cfs_period: attr.number({ format: "uint64", help: "Period of cpu_hard_limit in microseconds, up to 1000000; default 100000." }),
  pids_limit: attr.number({ help: "Most processes at a time; 0 or less: Podman's default." }),
  oom_score_adj: attr.number({ format: "int16", default: 0, help: "Inclination of the kernel to kill the task, -1000 to 1000." }),
  ulimit: mapAttr("string", { help: "Resource limits by name as soft[:hard]." }),
  sysctl: mapAttr("string", { help: "Kernel settings of the container's namespaces." }),
  shm_size: attr.string({ help: "Size of /dev/shm, e.g. 64m." }),
};

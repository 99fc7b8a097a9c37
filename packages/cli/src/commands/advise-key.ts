/** Keys of other drivers, most of all of Docker's, and what stands in their place here. */
const advice: Readonly<Record<string, string>> = {
  work_dir: "it is called working_dir here",
  dns_servers: "write network { dns { servers = […] } } in the group",
  dns_search_domains: "write network { dns { searches = […] } } in the group",
  dns_options: "write network { dns { options = […] } } in the group",
  mount: 'use volumes = ["source:target"], or tmpfs = ["target"] for memory',
  mounts: 'use volumes = ["source:target"], or tmpfs = ["target"] for memory',
  userns_mode: "it is called userns here",
  memory_hard_limit: "set memory_max in the task's resources block",
  load: 'write image = "docker-archive:path"',
  interactive: "there is only tty here",
  "logging.type": "it is called logging.driver here",
  "logging.config": "it is called logging.options here",
  healthchecks: "write a check block in a service",
};

/** What to write in the place of a config key that the Podman driver does not know; undefined: nothing known. */
export function adviseKey(path: string): string | undefined {
  return Object.hasOwn(advice, path) ? advice[path] : undefined;
}

import { taskSchema } from "@driver/podman-driver";
import { taskSamples, topicKeys } from "@driver/podman-driver/docs";
import { toOptionTable } from "./option-table.ts";
import { dockerNames, goKeys } from "./other-drivers.ts";

/** What each subject of a task's config is called, in the order of declaration. */
const titles: Readonly<Record<string, string>> = {
  image: "Image",
  process: "Command and process",
  labels: "Labels",
  logging: "Logs",
  storage: "Mounts and storage",
  devices: "Devices",
  limits: "Limits",
  security: "Rights",
  runtime: "OCI runtime",
  namespaces: "Namespaces",
  network: "Network and ports",
  dns: "Names",
  secrets: "Secrets",
  health: "Health checks",
};

/** A heading and a table for each subject of a task's config. @throws Error for a subject without a title */
export function toTaskTables(): string {
  const elsewhere = { samples: taskSamples, goKeys: goKeys.task, dockerNames: dockerNames.task };
  return Object.entries(topicKeys)
    .map(([topic, keys]) => {
      const title = titles[topic];
      if (title === undefined) throw new Error(`the topic ${topic} has no title in scripts/docs/task-tables.ts`);
      const options = taskSchema.options.filter(({ path }) => keys.includes(path.split(".")[0] ?? ""));
      return `### ${title}\n\n${toOptionTable(options, elsewhere)}`;
    })
    .join("\n\n");
}

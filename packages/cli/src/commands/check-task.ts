import type { CheckConfig } from "@driver/nomad-host";
import { checkTaskConfig, taskSchema } from "@driver/podman-driver";

/** What the driver would refuse of a task, and a name that no engine takes for an image, however often it is tried. */
export const checkTask: CheckConfig = (task) => {
  const problems = checkTaskConfig(task);
  const { image } = taskSchema.decode(task.driverConfig);
  if (problems.some(({ path }) => path === "image") || !/\s/.test(image)) return problems;
  return [...problems, { path: "image", message: `config key image: ${JSON.stringify(image)} is no image reference: it holds a space` }];
};

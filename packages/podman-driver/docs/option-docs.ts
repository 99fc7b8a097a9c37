import { topics } from "../src/topics/topics.ts";

/** What the documentation says beside the schemas; nothing that runs loads it. */
export { listPullFailures } from "../src/image/pull-failure.ts";
export { pluginSamples, taskSamples, type Samples } from "./option-samples.ts";

/** The keys of each subject of a task's config, in the order of declaration. */
export const topicKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(topics).map(([name, { fields }]) => [name, Object.keys(fields)]),
);

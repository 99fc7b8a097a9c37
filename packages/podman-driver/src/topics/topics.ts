import type { ConfigOption, Infer } from "@driver/nomad-plugin";
import { devicesTopic } from "./devices/devices.ts";
import { dnsTopic } from "./dns.ts";
import { healthTopic } from "./health.ts";
import { imageTopic } from "./image.ts";
import { labelsTopic } from "./labels.ts";
import { limitsTopic } from "./limits.ts";
import { loggingTopic } from "./logging.ts";
import { namespacesTopic } from "./namespaces/namespaces-topic.ts";
import { networkTopic } from "./network.ts";
import { processTopic } from "./process.ts";
import { secretsTopic } from "./secrets.ts";
import { runtimeTopic } from "./security/runtime-topic.ts";
import { securityTopic } from "./security/security-topic.ts";
import { storageTopic } from "./storage/storage.ts";

/** Everything a task's config may say. Schema, checks, docs and the container's spec are folds over this list. */
export const topics = {
  image: imageTopic,
  process: processTopic,
  labels: labelsTopic,
  logging: loggingTopic,
  storage: storageTopic,
  devices: devicesTopic,
  limits: limitsTopic,
  security: securityTopic,
  runtime: runtimeTopic,
  namespaces: namespacesTopic,
  network: networkTopic,
  dns: dnsTopic,
  secrets: secretsTopic,
  health: healthTopic,
} as const;

type Topics = typeof topics;
type UnionToIntersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;
type AllFields = UnionToIntersection<Topics[keyof Topics]["fields"]>;

/** Every key of every topic. */
export const taskFields = Object.assign({}, ...Object.values(topics).map(({ fields }) => fields)) as {
  readonly [K in keyof AllFields]: AllFields[K] & ConfigOption<Infer<AllFields[K]>>;
};

/** What a task wants, by topic: checked, durations in ms, sizes in bytes, references parsed. */
export type WantedTask = { readonly [K in keyof Topics]: ReturnType<Topics[K]["want"]> };

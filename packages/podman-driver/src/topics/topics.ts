import type { ConfigOption, Infer } from "@driver/nomad-plugin";
import { devicesTopic } from "./devices/devices-topic.ts";
import { dnsTopic } from "./dns/dns-topic.ts";
import { healthTopic } from "./health/health-topic.ts";
import { imageTopic } from "./image/image-topic.ts";
import { labelsTopic } from "./labels/labels-topic.ts";
import { limitsTopic } from "./limits/limits-topic.ts";
import { loggingTopic } from "./logging/logging-topic.ts";
import { namespacesTopic } from "./namespaces/namespaces-topic.ts";
import { networkTopic } from "./network/network-topic.ts";
import { processTopic } from "./process/process-topic.ts";
import { secretsTopic } from "./secrets/secrets-topic.ts";
import { runtimeTopic } from "./runtime/runtime-topic.ts";
import { securityTopic } from "./security/security-topic.ts";
import { storageTopic } from "./storage/storage-topic.ts";

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

import type { FeatureSection } from "../feature-table.ts";
import { agentFeatures } from "./agent.ts";
import { dockerFeatures } from "./docker.ts";
import { imageFeatures } from "./images.ts";
import { lifeFeatures } from "./life.ts";
import { limitFeatures } from "./limits.ts";
import { networkFeatures } from "./networks.ts";
import { optionFeatures } from "./options.ts";
import { processFeatures } from "./process.ts";
import { securityFeatures } from "./security.ts";
import { storageFeatures } from "./storage.ts";

/** All that was asked of the driver, by subject. */
export const featureSections: readonly FeatureSection[] = [
  agentFeatures,
  imageFeatures,
  processFeatures,
  limitFeatures,
  storageFeatures,
  securityFeatures,
  networkFeatures,
  ...lifeFeatures,
  optionFeatures,
  dockerFeatures,
];

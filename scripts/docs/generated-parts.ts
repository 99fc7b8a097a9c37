import { functionNames, unsupportedFunctionNames } from "@driver/hcl";
import { jobKeys, templateFunctionNames } from "@driver/nomad-host";
import { pluginSchema } from "@driver/podman-driver";
import { listPullFailures, pluginSamples } from "@driver/podman-driver/docs";
import { toFeatureTables } from "./feature-table.ts";
import { featureSections } from "./features/index.ts";
import { toKeySections, toSupportedTable } from "./job-tables.ts";
import { toOptionTable } from "./option-table.ts";
import { dockerNames, goKeys } from "./other-drivers.ts";
import { toPullFailureTable } from "./pull-failure-table.ts";
import { toTaskTables } from "./task-tables.ts";

/** The text of each generated part by its name, by the file that has it. */
export const generatedParts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "docs/configuration.md": {
    "plugin options": () =>
      toOptionTable(pluginSchema.options, { samples: pluginSamples, goKeys: goKeys.plugin, dockerNames: dockerNames.plugin }),
    "task options": toTaskTables,
  },
  "docs/features.md": { features: () => toFeatureTables(featureSections) },
  "docs/images.md": { "pull failures": () => toPullFailureTable(listPullFailures()) },
  "docs/job-file.md": { "job keys": () => toKeySections(jobKeys) },
  "docs/running-without-nomad.md": {
    "job blocks": () => toSupportedTable(jobKeys),
    "template functions": () => toWords(templateFunctionNames()),
    functions: () => toWords(functionNames()),
    "missing functions": () => toWords(unsupportedFunctionNames()),
  },
};

/** Puts each part between its two marks, `<!-- generated: NAME -->` and `<!-- end -->`. Throws when a mark is missing. */
export function fillParts(text: string, parts: Readonly<Record<string, () => string>>): string {
  return Object.entries(parts).reduce((filled, [name, render]) => fillPart(filled, name, render()), text);
}

function fillPart(text: string, name: string, content: string): string {
  const opening = `<!-- generated: ${name} -->\n`;
  const start = text.indexOf(opening);
  const end = text.indexOf("<!-- end -->", start);
  if (start === -1 || end === -1) throw new Error(`no part marked ${opening.trim()} … <!-- end -->`);
  return `${text.slice(0, start)}${opening}\n${content}\n\n${text.slice(end)}`;
}

function toWords(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(" · ");
}

import { suggestName } from "@driver/hcl";

import { coreFunctions } from "./functions/core-functions.ts";
import { dataFunctions } from "./functions/data-functions.ts";
import { explainForeign } from "./functions/foreign-functions.ts";
import { hostFunctions } from "./functions/host-functions.ts";
import type { TemplateSurroundings } from "./functions/host-functions.ts";
import { numberFunctions } from "./functions/number-functions.ts";
import { textFunctions } from "./functions/text-functions.ts";
import { parseTemplate } from "./parse-template.ts";
import { renderTemplate } from "./render-template.ts";
import type { TemplateFunction } from "./render-template.ts";
import type { Delimiters } from "./scan-template.ts";
import { TemplateError } from "./template-error.ts";
import type { ParsedTemplate } from "./template-tree.ts";

const nobody: TemplateSurroundings = { env: {}, variables: new Map(), services: [] };

function toFunctions(around: TemplateSurroundings): ReadonlyMap<string, TemplateFunction> {
  return new Map(
    [coreFunctions, textFunctions, numberFunctions, dataFunctions, hostFunctions(around)].flatMap((table) => Object.entries(table)),
  );
}

/** The functions that a template may use here, in order. */
export function templateFunctionNames(): readonly string[] {
  return [...toFunctions(nobody).keys()].toSorted();
}

/** Parses a template for a task. Throws one TemplateError for all that is wrong, also for functions that there are elsewhere only. */
export function parseTaskTemplate(source: string, delimiters: Delimiters): ParsedTemplate {
  const known = toFunctions(nobody);
  return parseTemplate(source, delimiters, (name, line) => {
    if (known.has(name)) return undefined;
    const reason = explainForeign(name);
    const message = reason === undefined ? `the function ${name} is unknown${suggestName(name, [...known.keys()])}` : `${name}: ${reason}`;
    return new TemplateError(message, line, { isForeign: reason !== undefined });
  });
}

/** The text of a task's template. Throws a TemplateError. */
export function renderTaskTemplate(parsed: ParsedTemplate, around: TemplateSurroundings, refusesMissingKeys: boolean): string {
  return renderTemplate(parsed, { functions: toFunctions(around), refusesMissingKeys });
}

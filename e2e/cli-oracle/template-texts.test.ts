import assert from "node:assert/strict";
import { test } from "node:test";

import { parseTaskTemplate, renderTaskTemplate, TemplateError } from "@driver/nomad-host";

import recorded from "./reference-answers.json" with { type: "json" };
import { around, templateQuestions } from "./template-questions.ts";
import type { TemplateQuestion } from "./template-questions.ts";

interface Answer {
  readonly text: string;
  readonly problem?: string;
}

const answers: readonly Answer[] = recorded.answers.templates;
const surroundings = {
  env: around.env,
  variables: new Map(Object.entries(around.variables)),
  services: Object.values(around.services).flat(),
};

/** The text, or what is wrong. */
function render({ text, left, right, refusesMissingKeys }: TemplateQuestion): string | TemplateError {
  try {
    const delimiters = { left: left === "" ? "{{" : left, right: right === "" ? "}}" : right };
    return renderTaskTemplate(parseTaskTemplate(text, delimiters), surroundings, refusesMissingKeys);
  } catch (error) {
    assert.ok(error instanceof TemplateError, String(error));
    return error;
  }
}

for (const [index, question] of templateQuestions.entries()) {
  test(`renders as ${recorded.versions.template}: ${JSON.stringify(question.text)}`, () => {
    const answer = answers[index];
    assert.ok(answer !== undefined, "no answer is recorded: run e2e/cli-oracle/record-references.ts");
    const rendered = render(question);
    // The answers are JSON, where a byte that is no UTF-8 is the sign for that.
    if (answer.problem === undefined) assert.equal(typeof rendered === "string" ? rendered.toWellFormed() : rendered, answer.text);
    else assert.ok(rendered instanceof TemplateError, `there: ${answer.problem}; here: ${String(rendered)}`);
  });
}

test("every recorded answer has its question", () => assert.equal(answers.length, templateQuestions.length));

import { basename } from "node:path";
import type { TestEvent } from "node:test/reporters";

/** What became of one test. */
export interface TestResult {
  /** Name of its file, without `.test.ts`. */
  readonly file: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

/** A reporter for Node's test runner: one line of JSON, a `TestResult`, for each test. Suites are left out. */
// oxlint-disable-next-line import/no-default-export -- Node takes a reporter from there
export default async function* reportResults(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details.type === "suite" || data.file === undefined) continue;
    const isSkipped = data.skip !== undefined && data.skip !== false;
    const outcome = isSkipped ? "skipped" : type === "test:pass" ? "passed" : "failed";
    const result: TestResult = { file: basename(data.file, ".test.ts"), name: data.name, outcome };
    yield `${JSON.stringify(result)}\n`;
  }
}

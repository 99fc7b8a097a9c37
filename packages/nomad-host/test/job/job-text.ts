import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { JobFileError, loadJob } from "../../src/index.ts";
import type { Job, LoadJobOptions } from "../../src/index.ts";

/** A folder of files that goes away with its scope. */
export interface JobFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file and gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export async function createJobFolder(): Promise<JobFolder> {
  const path = await mkdtemp(join(tmpdir(), "job-"));
  return {
    path,
    write: async (name, content) => {
      await writeFile(join(path, name), content);
      return join(path, name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

export const plainOptions: LoadJobOptions = { vars: {}, varFiles: [], env: {}, signal: new AbortController().signal };

/** Loads a job from text. */
export async function loadText(text: string, options: Partial<LoadJobOptions> = {}): Promise<Job> {
  await using folder = await createJobFolder();
  return await loadJob(await folder.write("job.nomad.hcl", text), { ...plainOptions, ...options });
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<JobFileError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof JobFileError, `expected a JobFileError, not ${String(error)}`);
  return error;
}

/** A job with one group and one task; each part can be put into its place. */
export function jobText(
  parts: { readonly top?: string; readonly job?: string; readonly group?: string; readonly task?: string } = {},
): string {
  return `${parts.top ?? ""}
job "web" {
  ${parts.job ?? ""}
  group "front" {
    ${parts.group ?? ""}
    task "server" {
      driver = "podman"
      ${parts.task ?? ""}
    }
  }
}
`;
}

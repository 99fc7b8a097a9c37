import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testSetting } from "@driver/testing";

/** A file in the scratch folder. */
export async function fileOf(content: string, mode = 0o600): Promise<string> {
  const path = join(testSetting("TEST_SCRATCH"), `auth-${randomBytes(4).toString("hex")}`);
  await writeFile(path, content, { mode });
  return path;
}

/** An auth file of an operator. */
export const authFile = (auths: object, more: object = {}): Promise<string> => fileOf(JSON.stringify({ auths, ...more }));

/** A credential helper that notes what it is asked and answers with `script`; gives its suffix and its notes. */
export async function helperOf(
  script: string,
): Promise<{ readonly name: string; readonly asked: () => Promise<readonly string[]>; readonly path: string }> {
  const name = `test-${randomBytes(4).toString("hex")}`;
  const notes = await fileOf("");
  const path = join("/usr/local/bin", `docker-credential-${name}`);
  const scratch = await fileOf(`#!/bin/sh\nserver=$(cat)\necho "$1 $server" >> ${notes}\n${script}\n`, 0o755);
  await mkdir("/usr/local/bin", { recursive: true });
  await copyFile(scratch, path);
  await chmod(path, 0o755);
  const asked = async (): Promise<readonly string[]> => (await readFile(notes, "utf8")).split("\n").filter((line) => line !== "");
  return { name, asked, path };
}

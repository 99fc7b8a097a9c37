import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@driver/std";

const run = promisify(execFile);
const moduleDir = import.meta.dirname;
const root = resolve(moduleDir, "../..");

/** The built Go program and the descriptors it needs, or why this machine cannot have them. */
export type Prepared =
  | { readonly kind: "ready"; readonly program: string; readonly descriptors: string }
  | { readonly kind: "missing"; readonly reason: string };

/**
 * Builds the reference host into `folder`. Without a Go toolchain that suits go.mod, or without its modules (neither
 * in the module cache nor on a reachable proxy), answers what is missing; an error in our own code rejects.
 */
export async function prepareReferenceHost(folder: string, signal: AbortSignal): Promise<Prepared> {
  const env = goEnvironment(folder);
  const version = await outcome(run("go", ["version"], { env, signal }));
  if (!version.ok) {
    return { kind: "missing", reason: `no Go toolchain on PATH (${version.text})` };
  }
  const offline = await outcome(run("go", ["list", "-deps", "."], { cwd: moduleDir, env: { ...env, GOPROXY: "off" }, signal }));
  const modules = offline.ok ? offline : await outcome(run("go", ["mod", "download"], { cwd: moduleDir, env, signal }));
  if (!modules.ok) {
    return { kind: "missing", reason: `Go cannot get the modules of e2e/reference-host; run "go mod download" there (${modules.text})` };
  }
  const program = join(folder, "reference-host");
  await run("go", ["build", "-o", program, "."], { cwd: moduleDir, env, signal });
  return { kind: "ready", program, descriptors: await buildDescriptors(folder, signal) };
}

/** Writes the descriptor set of our own .proto files; needs no network. */
async function buildDescriptors(folder: string, signal: AbortSignal): Promise<string> {
  const descriptors = join(folder, "nomad-plugin.binpb");
  const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
  await run(process.execPath, [buf, "build", join(root, "packages/nomad-plugin/proto"), "-o", descriptors], { signal });
  return descriptors;
}

/** The toolchain as installed, no C compiler, no stamp of the repository's state. */
function goEnvironment(folder: string): NodeJS.ProcessEnv {
  const env = { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" };
  return process.env["HOME"] === undefined ? { GOCACHE: join(folder, "go-cache"), ...env } : env;
}

/** Whether a command succeeded; `text` is the last line of its complaint. */
async function outcome(command: Promise<unknown>): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    await command;
    return { ok: true, text: "" };
  } catch (error) {
    const text = messageOf(error);
    return { ok: false, text: text.trim().split("\n").at(-1) ?? "" };
  }
}

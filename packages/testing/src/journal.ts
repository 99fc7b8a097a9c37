import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";

const programs = ["/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald"];
/** Where journald, its writers and its readers meet; all of it fixed. */
const folders = ["/run/systemd", "/run/log", "/var/log/journal"];
/** It makes its socket, and is ready when it has made the last of its things. */
const signsOfLife = ["/run/systemd/journal/socket", "/run/systemd/journal/kernel-seqnum"];
const startTimeoutMs = 60_000;
/** Whose journal stands in those places: a link to the id of its process. */
const claimPath = "/run/journal-claim";

/** A systemd-journald of this world's own: conmon and Podman write to it and read it as they would the host's. */
export interface Journal extends AsyncDisposable {
  /** Kills journald; what it has written stays. Writers see a refused connection. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  revive(): Promise<void>;
}

/** Why no journal can be started here, for a test that is skipped; undefined when it can. */
export function whyNoJournal(): string | undefined {
  if (!programs.some((path) => existsSync(path))) return "systemd-journald is not installed (Debian: package systemd)";
  if (process.getuid?.() !== 0 || !isOwnWorld()) return "only root's world has a journal of its own";
  return existsSync("/etc/machine-id") && readFileSync("/etc/machine-id", "utf8").trim() !== ""
    ? undefined
    : "this machine has no /etc/machine-id, without which there is no journal";
}

/** A rootless world maps one user to root, and nothing of it reaches the journal's folders. */
function isOwnWorld(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
}

/**
 * Starts a journal in empty folders over the host's. Must be called inside a world. The places are fixed: while another test file
 * has a journal there, this waits for its end. Ask `whyNoJournal` first.
 * @throws TestingError "engine-start" when it does not come up
 */
export async function startJournal(signal: AbortSignal): Promise<Journal> {
  const program = programs.find((path) => existsSync(path)) ?? "";
  const mounted: string[] = [];
  let journald: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    await endProcess(journald);
    journald = undefined;
  };
  const close = async (): Promise<void> => {
    await kill();
    for (const folder of mounted.splice(0).toReversed()) {
      await runProcess("umount", ["--lazy", folder], { signal: AbortSignal.timeout(startTimeoutMs) });
    }
    rmSync(claimPath, { force: true });
  };
  const begin = async (wanted: AbortSignal): Promise<void> => {
    // What a killed one has left behind is no sign of life.
    for (const path of signsOfLife) rmSync(path, { force: true });
    journald = spawn(program, [], { stdio: "ignore" });
    await waitForSocket(journald, wanted);
  };
  // The signal of the start may have fired long ago.
  const revive = (): Promise<void> => begin(AbortSignal.timeout(startTimeoutMs));
  await claim(signal);
  try {
    for (const folder of folders.filter((path) => existsSync(path) || path.startsWith("/run/"))) {
      mkdirSync(folder, { recursive: true });
      const result = await runProcess("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], { signal });
      if (result.code !== 0) {
        throw new TestingError(
          "engine-start",
          `No folder of its own could be mounted for the journal at ${folder}: ${result.stderr.trim()}`,
        );
      }
      mounted.push(folder);
    }
    mkdirSync("/run/systemd/journal");
    mkdirSync("/run/log/journal");
    await begin(signal);
  } catch (error) {
    await close();
    throw error;
  }
  return { kill, revive, [Symbol.asyncDispose]: close };
}

async function claim(signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return symlinkSync(String(process.pid), claimPath);
    } catch {
      // One that was killed has none any more.
      if (!existsSync(`/proc/${readClaim()}`)) rmSync(claimPath, { force: true });
    }
    await delay(100, undefined, { signal });
  }
}

function readClaim(): string {
  try {
    return readlinkSync(claimPath);
  } catch {
    return "";
  }
}

async function waitForSocket(journald: ChildProcess, signal: AbortSignal): Promise<void> {
  let failure: unknown;
  journald.once("error", (error) => (failure = error));
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!signsOfLife.every((path) => existsSync(path))) {
    signal.throwIfAborted();
    if (failure !== undefined || journald.exitCode !== null || performance.now() > deadlineMs) {
      await endProcess(journald);
      throw new TestingError("engine-start", `systemd-journald did not come up: ${String(failure ?? `exit code ${journald.exitCode}`)}`);
    }
    await delay(10);
  }
}

async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

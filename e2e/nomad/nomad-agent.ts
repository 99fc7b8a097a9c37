import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testSetting, until } from "@driver/testing";
import { findAgentPorts } from "../find-agent-ports.ts";
import { renderAgentConfig } from "./agent-config.ts";
import { listProcesses } from "./world-processes.ts";
import { fieldOf, textOf } from "./json-fields.ts";
import { NomadApi } from "./nomad-api.ts";
import { runProgram, type ProgramOptions, type ProgramResult } from "./run-program.ts";

export interface AgentOptions {
  /** Of its log among those that are kept. */
  readonly name: string;
  /** Default: that of the test engine. */
  readonly socketPath?: string;
  /** Default nomad. */
  readonly logCollection?: "nomad" | "driver";
  /** Default nomad. */
  readonly groupNetwork?: "nomad" | "pod";
  /** Further lines of the plugin's config. Default: none. */
  readonly pluginConfig?: string;
}

/** What the node says of the driver. */
export interface DriverHealth {
  readonly isHealthy: boolean;
  readonly description: string;
  /** Those of the node that the driver has given. */
  readonly attributes: Readonly<Record<string, string>>;
}

const startTimeoutMs = 60_000;
const endTimeoutMs = 60_000;
const commandTimeoutMs = 30_000;
const pluginName = "nomad-driver-podman";

/** A real Nomad agent, server and client in one, with the built plugin in its plugin_dir. */
export class NomadAgent implements AsyncDisposable {
  readonly api: NomadApi;
  /** Of the Podman service that its driver uses. */
  readonly socketPath: string;
  readonly #name: string;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;

  private constructor(place: { readonly name: string; readonly folder: string; readonly httpPort: number; readonly socketPath: string }) {
    this.socketPath = place.socketPath;
    this.api = new NomadApi(`http://127.0.0.1:${place.httpPort}`);
    this.#name = place.name;
    this.#folder = place.folder;
    // Nothing else of this user's: his token, his cluster's address or his cloud would change what the agent does.
    this.#env = { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"], HOME: place.folder, NOMAD_ADDR: this.api.address };
  }

  /** Settles when the driver is healthy on the node and jobs can be placed. */
  static async start(options: AgentOptions): Promise<NomadAgent> {
    // Short: the sockets that Nomad makes in each task's folder must stay below 108 bytes.
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "n-"));
    // As a data_dir has to be where the Podman of another user is to reach the folders of allocations.
    await chmod(folder, 0o711);
    const ports = await findAgentPorts();
    const socketPath = options.socketPath ?? testSetting("TEST_PODMAN_SOCKET");
    const agent = new NomadAgent({ name: options.name, folder, httpPort: ports.http, socketPath });
    await mkdir(join(folder, "plugins"));
    await symlink(testSetting("TEST_PLUGIN"), join(folder, "plugins", pluginName));
    const { logCollection = "nomad", groupNetwork = "nomad", pluginConfig = "" } = options;
    const config = { folder, ports, socketPath, logCollection, groupNetwork, pluginConfig };
    await writeFile(join(folder, "agent.hcl"), renderAgentConfig(config));
    try {
      await agent.launch();
      await until(async () => (await agent.readHealth())?.isHealthy === true, startTimeoutMs);
    } catch (error) {
      await agent.kill();
      await agent.#keepLog();
      throw error;
    }
    return agent;
  }

  /** Starts the agent on the data it has. Settles when its API has a leader. */
  async launch(): Promise<void> {
    const log = openSync(this.#logPath, "a");
    try {
      this.#process = spawn(nomadProgram(), ["agent", "-config", join(this.#folder, "agent.hcl")], {
        stdio: ["ignore", log, log],
        env: this.#env,
      });
    } finally {
      closeSync(log);
    }
    await until(() => this.#hasLeader(), startTimeoutMs);
  }

  /** Kills it with SIGKILL. What it has started goes on. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  get pluginPath(): string {
    return join(this.#folder, "plugins", pluginName);
  }

  /** The plugin processes there are: one, but for the start of the agent. */
  pluginPids(): number[] {
    return listProcesses().filter((found) => found.command[0] === this.pluginPath).map((found) => found.pid);
  }

  /** Kills the plugin with SIGKILL. Settles when the agent has started another. */
  async killPlugin(): Promise<void> {
    const [pid] = this.pluginPids();
    if (pid === undefined) throw new Error("The agent has no plugin to kill.");
    process.kill(pid, "SIGKILL");
    await until(() => this.pluginPids().some((other) => other !== pid));
  }

  /** Nomad's log collectors for the tasks of this agent. */
  logmonPids(): number[] {
    return listProcesses()
      .filter((found) => found.parentPid === this.#process?.pid && found.command[1] === "logmon")
      .map((found) => found.pid);
  }

  /** Undefined while the node is not known. */
  async readHealth(): Promise<DriverHealth | undefined> {
    const nodes = await this.api.get("/v1/nodes");
    const [first]: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
    if (first === undefined) return undefined;
    const node = await this.api.get(`/v1/node/${textOf(first, "ID")}`);
    const driver = fieldOf(fieldOf(node, "Drivers"), "podman");
    if (driver === undefined) return undefined;
    const attributes = Object.entries(fieldOf(node, "Attributes") ?? {}).filter(([name]) => name.startsWith("driver.podman"));
    return {
      isHealthy: fieldOf(driver, "Healthy") === true,
      description: textOf(driver, "HealthDescription"),
      attributes: Object.fromEntries(attributes),
    };
  }

  /** Everything it has logged, in all its lives. */
  async readLog(): Promise<string> {
    return readFile(this.#logPath, "utf8");
  }

  /** Runs `nomad ARGS` on this agent. Default limit: 30 s. */
  async run(args: readonly string[], options: Partial<Omit<ProgramOptions, "env">> = {}): Promise<ProgramResult> {
    return runProgram(nomadProgram(), args, { signal: AbortSignal.timeout(commandTimeoutMs), ...options, env: this.#env });
  }

  /** The folder that all tasks of an allocation share, "/alloc" to them. */
  allocFolder(allocId: string): string {
    return join(this.#folder, "data", "alloc", allocId, "alloc");
  }

  /** Ends all jobs, waits for their ends, and then ends the agent. Settles when nothing of it runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#endJobs();
      await this.#end("SIGINT");
      await until(() => this.pluginPids().length === 0, endTimeoutMs);
    } finally {
      await this.kill();
      await this.#keepLog();
      await rm(this.pluginPath, { force: true });
    }
  }

  async #endJobs(): Promise<void> {
    const jobs = await this.api.get("/v1/jobs");
    for (const job of Array.isArray(jobs) ? jobs : []) await this.api.delete(`/v1/job/${textOf(job, "ID")}`);
    await until(async () => {
      const allocations = await this.api.get("/v1/allocations");
      return Array.isArray(allocations) && allocations.every((one) => ["complete", "failed"].includes(textOf(one, "ClientStatus")));
    }, endTimeoutMs);
    await until(() => this.logmonPids().length === 0, endTimeoutMs);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async #hasLeader(): Promise<boolean> {
    if (this.#process?.exitCode !== null) {
      throw new Error(`The agent has ended by itself; its last words: ${(await this.readLog()).slice(-2000)}`);
    }
    try {
      return (await this.api.get("/v1/status/leader")) !== "";
    } catch {
      return false;
    }
  }

  async #keepLog(): Promise<void> {
    const folder = process.env["NOMAD_LOGS"] ?? "";
    if (folder !== "") await copyFile(this.#logPath, join(folder, `${this.#name}.log`));
  }

  get #logPath(): string {
    return join(this.#folder, "agent.log");
  }
}

function nomadProgram(): string {
  const program = process.env["NOMAD_BIN"] ?? "";
  if (program !== "") return program;
  throw new Error('NOMAD_BIN is not set: run this test with "npm run test:nomad"');
}

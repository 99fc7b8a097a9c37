import { randomBytes } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, PodmanClient } from "@driver/libpod";
import { encodeMsgpack, type HclRecord } from "@driver/nomad-plugin";
import {
  DriverRig,
  RecordedEvents,
  RegistryProxy,
  startEngine,
  TestRegistry,
  testSetting,
  type Engine,
  type RiggedTask,
  type TestRegistryOptions,
} from "@driver/testing";
export interface ImageRigOptions extends TestRegistryOptions {
  readonly pluginConfig?: HclRecord;
  /** Default: an engine of its own, since other tests pull and remove images at the same time. */
  readonly socketPath?: string;
}

/** The built plugin, a registry with a proxy in front, and what the plugin told of its tasks. Disposing it removes the images it pulled. */
export class ImageRig implements AsyncDisposable {
  readonly rig: DriverRig;
  readonly registry: TestRegistry;
  readonly proxy: RegistryProxy;
  readonly podman: PodmanClient;
  readonly #socketPath: string;
  readonly #engine: AsyncDisposable | undefined;
  readonly #events: RecordedEvents;

  private constructor(
    parts: Pick<ImageRig, "rig" | "registry" | "proxy" | "podman">,
    socketPath: string,
    engine: AsyncDisposable | undefined,
  ) {
    this.rig = parts.rig;
    this.registry = parts.registry;
    this.proxy = parts.proxy;
    this.podman = parts.podman;
    this.#socketPath = socketPath;
    this.#engine = engine;
    this.#events = new RecordedEvents(this.rig.driver);
  }

  static async start({ pluginConfig, socketPath, ...options }: ImageRigOptions = {}): Promise<ImageRig> {
    const engine = socketPath === undefined ? await startOwnEngine() : undefined;
    const path = socketPath ?? engine?.socketPath ?? "";
    const podman = new PodmanClient({ socketPath: path });
    const registry = await TestRegistry.start(options);
    const proxy = await RegistryProxy.start(registry.host);
    const rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${path}`, ...pluginConfig } });
    return new ImageRig({ rig, registry, proxy, podman }, path, engine);
  }

  get socketPath(): string {
    return this.#socketPath;
  }

  /** A name at the proxy, as a job would write it. */
  at(name: string): string {
    return `${this.proxy.host}/${name}`;
  }

  /** Prepares a task that prints the image's mark and architecture, from a registry without TLS. */
  async prepare(
    image: string,
    { auth, ...config }: HclRecord = {},
    more: { readonly name?: string; readonly allocId?: string } = {},
  ): Promise<RiggedTask> {
    const login = auth === undefined ? {} : (auth as HclRecord);
    return await this.rig.prepare({
      config: { image, command: "sh", args: ["-c", "cat /mark /architecture"], ...config, auth: { tls_verify: false, ...login } },
      ...more,
    });
  }

  /** Runs such a task to its end and gives what it printed. */
  async run(image: string, config: HclRecord = {}): Promise<string> {
    const task = await this.prepare(image, config);
    await this.rig.startTask(task);
    await this.rig.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
    const output = (await task.stdout.whole()).toString();
    await this.rig.driver.destroyTask(task.config.id, { force: true }, AbortSignal.timeout(60_000));
    return output;
  }

  /** What a start is refused with. */
  async failure(image: string, config: HclRecord = {}): Promise<Error & { readonly recoverable?: boolean }> {
    const task = await this.prepare(image, config);
    try {
      await this.rig.startTask(task);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`the task of ${image} was started`);
  }

  /** Messages about a task, or about all. */
  messages(task?: RiggedTask): readonly string[] {
    return this.#events.all.filter(({ taskId }) => task === undefined || taskId === task.config.id).map(({ message }) => message);
  }

  async imageId(name: string): Promise<string | undefined> {
    return (await askWhileImagesGo(() => this.podman.images.inspect(name, AbortSignal.timeout(60_000))))?.id;
  }

  /** All that the plugin has written and told: its log, events and, for each task that runs, its handle and the container's inspect. */
  async everythingTold(tasks: readonly RiggedTask[]): Promise<string> {
    const handles = tasks.map((task) => Buffer.from(this.rig.handleOf(task).driverState).toString("latin1"));
    const containers = await Promise.all(
      tasks.map(async ({ config }) =>
        JSON.stringify(await this.podman.containers.inspect(`${config.name}-${config.allocId}`, AbortSignal.timeout(60_000))),
      ),
    );
    const service = await readFile(join(dirname(this.#socketPath), "service.log"), "utf8");
    return [this.rig.log, JSON.stringify(this.#events.all), ...handles, ...containers, service].join("\n");
  }

  async setConfig(config: HclRecord): Promise<void> {
    const plugin = { socket_path: `unix://${this.#socketPath}`, ...config };
    await this.rig.driver.setConfig(
      { msgpack: encodeMsgpack(plugin), client: { minPort: 14_000, maxPort: 14_512 }, apiVersion: "v0.1.0" },
      AbortSignal.timeout(60_000),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events[Symbol.asyncDispose]();
    await this.rig[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    this.podman.close();
    await this.#engine?.[Symbol.asyncDispose]();
  }
}

/** Asks Podman again for two seconds where it fails, as it does while an image goes (podman 4.3 to 5.4: "layer not known"). */
export async function askWhileImagesGo<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LibpodError && error.code === "engine-error") || tries === 20) throw error;
      await sleep(100);
    }
  }
}

/** With a folder of its own for downloads as well: it is how they are told apart. */
async function startOwnEngine(): Promise<Engine> {
  const downloadFolder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "downloads-"));
  const storage = await mkdtemp(join(testSetting("TEST_SCRATCH"), "images-"));
  return await startEngine(
    { folder: `/run/images-${randomBytes(4).toString("hex")}`, downloadFolder, storage },
    AbortSignal.timeout(60_000),
  );
}

import { PodmanClient, type ContainerSpec } from "../src/index.ts";

/** A running engine and the means to leave nothing on it. */
export interface EngineUnderTest extends AsyncDisposable {
  readonly client: PodmanClient;
  readonly image: string;
  /** Creates a container without a network that goes when this is disposed, and settles with its id. */
  create(spec: ContainerSpec): Promise<string>;
  /** The same, started. */
  run(spec: ContainerSpec): Promise<string>;
}

/** The engine that the test command names. */
export function openEngineUnderTest(signal: AbortSignal): EngineUnderTest {
  const client = new PodmanClient({ socketPath: requireEnv("TEST_PODMAN_SOCKET") });
  const image = requireEnv("TEST_IMAGE");
  const created: string[] = [];
  const create = async (spec: ContainerSpec): Promise<string> => {
    const { id } = await client.containers.create({ image, netns: { nsmode: "none" }, ...spec }, signal);
    created.push(id);
    return id;
  };
  return {
    client,
    image,
    create,
    async run(spec) {
      const id = await create(spec);
      await client.containers.start(id, signal);
      return id;
    },
    async [Symbol.asyncDispose]() {
      // Not the test's signal: what it made goes even if it was aborted.
      const cleanup = AbortSignal.timeout(60_000);
      await Promise.all(created.map(async (id) => await client.containers.remove(id, { force: true, volumes: true }, cleanup)));
      client.close();
    },
  };
}

function requireEnv(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: this test needs an engine of its own; run it with \`npm test\``);
  }
  return value;
}

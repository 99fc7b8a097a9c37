import { execFile } from "node:child_process";
import { mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { makeOrdinaryUser, startEngine, startJournal, TestRegistry, testSetting, TlsFront, type Engine } from "@driver/testing";
import { ServedFile } from "./served-file.ts";

const run = promisify(execFile);
const soon = (): AbortSignal => AbortSignal.timeout(120_000);

/** Where examples run that want something around them. */
export interface ExamplePlace extends AsyncDisposable {
  readonly socketPath: string;
  /** What stands in an example, and what it is called there. */
  readonly names?: Readonly<Record<string, string>>;
  /** Lines of the task beside its config. */
  readonly taskLines?: readonly string[];
  /** Further lines of the task's config. */
  readonly configLines?: readonly string[];
}

/** Examples that want something around them, which is made for them alone. */
export interface PlacedExamples {
  readonly keys: readonly string[];
  /** What is missing for that on this machine. */
  readonly skip: string | undefined;
  readonly open: () => Promise<ExamplePlace>;
}

/** A registry without TLS that has the example's image, for another architecture too: with this machine's program in it, to run. */
export async function openRegistry(): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  const registry = made.use(await TestRegistry.start());
  await registry.publish("busybox:1", { architectures: ["amd64", "arm64"] });
  const engine = made.use(await startEngine({ folder: "/run/example-images" }, soon()));
  const insecure = `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`;
  await writeFile(engine.env["CONTAINERS_REGISTRIES_CONF"] ?? "", insecure);
  const names = { "docker.io/library/busybox:1": `${registry.host}/busybox:1`, '"true"': '"echo"' };
  return toPlace(engine, made.move(), { names });
}

/** A journal, and a Podman that keeps its events there as well. */
export async function openJournal(): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  made.use(await startJournal(soon()));
  const engine = made.use(await startEngine({ folder: "/run/example-journal", eventsLogger: "journald" }, soon()));
  for (const image of ["docker.io/library/busybox:1", "localhost/busybox:1"]) await engine.importBusybox(image);
  return toPlace(engine, made.move());
}

/** A server that has the archive of an image, which an artifact brings into the task's local/. */
export async function openArchiveServer(engine: Engine, archive: string): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  const { url } = made.use(await ServedFile.start(archive));
  return toPlace(engine, made.move(), { taskLines: ["artifact {", `  source = "${url}"`, "  options { archive = false }", "}"] });
}

/** A disk of this world's, of which the kernel takes weights: a file behind a loop device. */
export async function openWeighedDisk(engine: Engine): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  const file = join(testSetting("TEST_SCRATCH"), "weighed-disk");
  await writeFile(file, "");
  await truncate(file, 16 * 1_048_576);
  const disk = (await run("losetup", ["--find", "--show", file])).stdout.trim();
  made.defer(async () => void (await run("losetup", ["--detach", disk])));
  const scheduler = `/sys/block/${basename(disk)}/queue/scheduler`;
  await writeFile(scheduler, "bfq");
  made.defer(() => writeFile(scheduler, "none"));
  return toPlace(engine, made.move(), { names: { "/dev/sda": disk } });
}

/** The Podman of an ordinary user, with its socket where his session would have it. */
export async function openUsersEngine(): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  const world = process.env["WORLD_FOLDER"] ?? "";
  const user = await makeOrdinaryUser(world, "second");
  const options = { folder: "/run/example-users", storage: join(world, "example-users-storage"), user, startTimeoutMs: 60_000 };
  const engine = made.use(await startEngine(options, soon()));
  await engine.importBusybox("localhost/busybox:1");
  const session = `/run/user/${user.uid}`;
  await mkdir(join(session, "podman"), { recursive: true });
  made.defer(() => rm(session, { recursive: true }));
  await symlink(engine.socketPath, join(session, "podman/podman.sock"));
  return toPlace(engine, made.move(), { names: { '"1000"': `"${user.uid}"` } });
}

/** Podman behind TLS; the task has no log, since that of a Podman on another host could not be read. */
export async function openTlsFront(engine: Engine): Promise<ExamplePlace> {
  await using made = new AsyncDisposableStack();
  const front = made.use(await TlsFront.start(engine.socketPath));
  const names = {
    "podman.example:2376": `127.0.0.1:${front.port}`,
    "/tls/ca.pem": join(front.folder, "ca.crt"),
    "/tls/me.pem": join(front.folder, "client.crt"),
    "/tls/me.key": join(front.folder, "client.key"),
  };
  return toPlace(engine, made.move(), { names, configLines: ['logging { driver = "none" }'] });
}

type PlaceDetails = Pick<ExamplePlace, "names" | "taskLines" | "configLines">;

function toPlace(engine: Engine, made: AsyncDisposableStack, more: PlaceDetails = {}): ExamplePlace {
  return { socketPath: engine.socketPath, ...more, [Symbol.asyncDispose]: () => made.disposeAsync() };
}

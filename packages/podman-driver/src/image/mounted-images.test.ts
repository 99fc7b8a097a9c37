import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodmanClient, type ImageListEntry } from "@driver/libpod";
import { FakePodman } from "@driver/testing";
import { MountedImages, toMountedLabels } from "./mounted-images.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const id = (digit: string): string => digit.repeat(64);

function imageOf(digit: string, more: Partial<ImageListEntry> = {}): ImageListEntry {
  return { id: id(digit), repoTags: [], names: [], formerNames: [], repoDigests: [], sizeBytes: 1, containerCount: 0, ...more };
}

interface Container {
  readonly id: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Undefined: it has vanished by the time that it is looked at. */
  readonly mounts: readonly { readonly Type: string; readonly Source: string }[] | undefined;
}

const gone = { cause: "no such container", message: "gone", response: 404 };

/** Of a Podman with these containers: what it is asked, and the images that count as mounted. */
class Bench implements AsyncDisposable {
  readonly #fake: FakePodman;
  readonly #podman: PodmanClient;
  readonly #mounted: MountedImages;

  private constructor(fake: FakePodman) {
    this.#fake = fake;
    this.#podman = new PodmanClient({ socketPath: fake.socketPath });
    this.#mounted = new MountedImages(this.#podman);
  }

  static async start(): Promise<Bench> {
    return new Bench(await FakePodman.start());
  }

  async list(
    images: readonly ImageListEntry[],
    containers: readonly Container[],
  ): Promise<{ readonly mounted: readonly string[]; readonly looks: readonly string[] }> {
    const list = containers.map((one) => ({ Id: one.id, Labels: one.labels ?? {}, Mounts: (one.mounts ?? [{}]).map(() => "/data") }));
    this.#fake.fault(/containers\/json/, { kind: "answer", status: 200, body: JSON.stringify(list) });
    for (const { id: one, mounts } of containers) {
      const body = mounts === undefined ? gone : { Id: one, State: { Status: "running" }, Mounts: mounts };
      const status = mounts === undefined ? 404 : 200;
      this.#fake.fault(new RegExp(`containers/${one}/json`), { kind: "answer", status, body: JSON.stringify(body) });
    }
    const before = this.#fake.seen.length;
    const mounted = await this.#mounted.listAll(images, soon());
    const lines = this.#fake.seen.slice(before);
    return { mounted: [...mounted].toSorted(), looks: lines.flatMap((line) => /containers\/(\w+)\/json/.exec(line)?.[1] ?? []) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#podman.close();
    await this.#fake[Symbol.asyncDispose]();
  }
}

describe("an image that somebody has mounted by", () => {
  const rows: readonly { readonly source: string; readonly image: Partial<ImageListEntry>; readonly is?: false }[] = [
    { source: "r.io/data:1", image: { names: ["r.io/data:1"] } },
    { source: "r.io/data", image: { names: ["r.io/data:latest"] } },
    { source: "data:1", image: { names: ["localhost/data:1"] } },
    { source: "redis", image: { names: ["docker.io/library/redis:latest"] } },
    { source: "docker.io/redis", image: { names: ["docker.io/library/redis:latest"] } },
    { source: id("a"), image: {} },
    { source: `sha256:${id("a")}`, image: {} },
    { source: "aaaaaaaaaaaa", image: {} },
    { source: "r.io/data:1", image: { formerNames: ["r.io/data:1"] } },
    { source: `r.io/data@sha256:${id("d")}`, image: { repoDigests: [`r.io/data@sha256:${id("d")}`] } },
    { source: `r.io/data:1@sha256:${id("d")}`, image: { names: [`r.io/data@sha256:${id("d")}`] } },
    { source: "r.io:5000/data", image: { names: ["r.io:5000/data:latest"] } },
    { source: "r.io/data:2", image: { names: ["r.io/data:1"] }, is: false },
    { source: "data:1", image: { names: ["r.io/other-data:1"] }, is: false },
    { source: id("b"), image: {}, is: false },
    { source: `data@sha256:${id("e")}`, image: { repoDigests: [`r.io/data@sha256:${id("d")}`], names: ["r.io/data:latest"] }, is: false },
  ];
  for (const { source, image, is = true } of rows) {
    test(`${source} is ${is ? "" : "not "}${JSON.stringify(image)}`, async () => {
      await using bench = await Bench.start();
      const { mounted } = await bench.list([imageOf("a", image)], [{ id: "c1", mounts: [{ Type: "image", Source: source }] }]);
      assert.deepEqual(mounted, is ? [id("a")] : []);
    });
  }
});

test("looks once at a container of somebody else that mounts something, and at none of this driver's", async () => {
  await using bench = await Bench.start();
  const images = [imageOf("a", { names: ["r.io/data:1"] }), imageOf("b", { names: ["r.io/data:2"] }), imageOf("e")];
  const containers: readonly Container[] = [
    { id: "images", mounts: [{ Type: "bind", Source: "/tmp" }, { Type: "image", Source: "r.io/data:1" }] },
    { id: "folders", mounts: [{ Type: "bind", Source: "r.io/data:2" }] },
    { id: "nothing", mounts: [] },
    { id: "ours", labels: toMountedLabels([id("e")]), mounts: [{ Type: "image", Source: "r.io/data:2" }] },
    { id: "task", labels: { "nomad-driver-podman.task_id": "t" }, mounts: [{ Type: "bind", Source: "/alloc" }] },
    { id: "gone", mounts: undefined },
  ];
  assert.deepEqual(await bench.list(images, containers), { mounted: [id("a"), id("e")], looks: ["images", "folders", "gone"] });
  assert.deepEqual(await bench.list(images, containers), { mounted: [id("a"), id("e")], looks: ["gone"] });
  assert.deepEqual(await bench.list(images, containers.slice(1, 4)), { mounted: [id("e")], looks: [] });
});

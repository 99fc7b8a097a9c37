import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeContainer, type FakeSpec } from "./fake-container.ts";

export interface FakeRequest {
  readonly method: string;
  /** Unescaped parts of the path below `/libpod`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Text of the request's body. */
  readonly body: string;
  /** Fires when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The state of a Podman 4.3 service and its answers, without a transport. It knows what the driver uses: ping, info,
 * images by name, and the life of containers; no exec, no networks, no volumes.
 */
export class FakeEngine {
  /** What it says it is. */
  version = "4.3.1";
  /** What it says of each container that it makes. */
  warnings: readonly string[] = [];
  readonly #folder: string;
  readonly #containers = new Map<string, FakeContainer>();
  readonly #images = new Set<string>();
  #nextPid = 5_000_000;

  /** `folder` exists and holds the containers' logs. */
  constructor(folder: string, images: readonly string[]) {
    this.#folder = folder;
    for (const image of images) this.#images.add(image);
  }

  get containers(): readonly FakeContainer[] {
    return [...this.#containers.values()];
  }

  async handle(request: FakeRequest): Promise<FakeAnswer> {
    const [kind = "", ...rest] = request.path;
    switch (`${request.method} ${kind}`) {
      case "GET _ping":
        return { status: 200, body: "OK" };
      case "GET info":
        return json(200, { ...info, version: { Version: this.version, APIVersion: this.version } });
      case "GET images":
        return this.#inspectImage(rest.slice(0, -1).join("/"));
      case "POST images":
        return this.#pull(request.query.get("reference") ?? "");
      case "POST containers":
        return rest[0] === "create" ? this.#create(request.body) : this.#act(rest, request);
      case "GET containers":
      case "DELETE containers":
        return this.#act(rest, request);
      default:
        return { status: 404, body: "404 page not found" };
    }
  }

  #inspectImage(name: string): FakeAnswer {
    if (!this.#hasImage(name)) return failure(404, "no such image", `${name}: image not known`);
    return json(200, {
      Id: name.length === 64 ? name : imageId(name),
      RepoTags: [name],
      Os: "linux",
      Architecture: "amd64",
      Size: 1,
      Config: {},
    });
  }

  #hasImage(name: string): boolean {
    return [...this.#images].some((image) => name === image || name === imageId(image));
  }

  /** There is no registry behind it. */
  #pull(reference: string): FakeAnswer {
    const lines = [
      { stream: `Trying to pull ${reference}...\n` },
      { error: `initializing source docker://${reference}: manifest unknown` },
    ];
    return { status: 200, body: lines.map((line) => `${JSON.stringify(line)}\n`).join("") };
  }

  #create(body: string): FakeAnswer {
    const spec = readSpec(body);
    if (!this.#hasImage(spec.image)) return failure(500, "image not known", `${spec.image}: image not known`);
    const holder = this.#find(spec.name);
    if (holder !== undefined) {
      return failure(
        500,
        "that name is already in use",
        `creating container storage: the container name "${spec.name}" is already in use by ${holder.id}. ` +
          "You have to remove that container to be able to reuse that name: that name is already in use",
      );
    }
    const id = randomBytes(32).toString("hex");
    const logPath = join(this.#folder, `${id}.log`);
    writeFileSync(logPath, "");
    this.#containers.set(id, new FakeContainer({ id, pid: (this.#nextPid += 2), spec, logPath }));
    return json(201, { Id: id, Warnings: this.warnings });
  }

  async #act([name = "", verb = ""]: readonly string[], request: FakeRequest): Promise<FakeAnswer> {
    const container = this.#find(name);
    if (container === undefined) {
      return failure(404, "no such container", `no container with name or ID "${name}" found: no such container`);
    }
    switch (`${request.method} ${verb}`) {
      case "GET json":
        return json(200, container.inspect());
      case "POST start":
        return start(container);
      case "POST kill":
        return kill(container, request.query.get("signal") ?? "9");
      case "POST wait":
        await container.untilEnded(request.signal);
        return json(200, container.exitCode);
      case "DELETE ":
        return this.#remove(container, request.query.get("force") === "true");
      default:
        return { status: 404, body: "404 page not found" };
    }
  }

  #remove(container: FakeContainer, force: boolean): FakeAnswer {
    if (container.status === "running" && !force) {
      return failure(
        500,
        "container state improper",
        `cannot remove container ${container.id} as it is running - ` +
          "running or paused containers cannot be removed without force: container state improper",
      );
    }
    container.end(137);
    this.#containers.delete(container.id);
    return json(200, [{ Id: container.id, RawInput: container.id }]);
  }

  #find(nameOrId: string): FakeContainer | undefined {
    return this.#containers.get(nameOrId) ?? this.containers.find((container) => container.spec.name === nameOrId);
  }
}

function start(container: FakeContainer): FakeAnswer {
  if (container.status === "running") return { status: 304, body: "" };
  if (!container.canStart) {
    return failure(
      500,
      "OCI runtime attempted to invoke a command that was not found",
      `runc: exec: "${container.spec.command[0] ?? ""}": executable file not found in $PATH: ` +
        "OCI runtime attempted to invoke a command that was not found",
    );
  }
  container.start();
  return { status: 204, body: "" };
}

function kill(container: FakeContainer, signal: string): FakeAnswer {
  if (container.status !== "running") {
    return failure(
      500,
      "container state improper",
      `can only kill running containers. ${container.id} is in state ${container.status}: container state improper`,
    );
  }
  container.signal(Number(signal));
  return { status: 204, body: "" };
}

function readSpec(body: string): FakeSpec {
  const spec = JSON.parse(body) as Partial<FakeSpec>;
  const { name = "", image = "", command = [], labels = {}, mounts = [] } = spec;
  return { name, image, command, labels, mounts };
}

function json(status: number, body: unknown): FakeAnswer {
  return { status, body: JSON.stringify(body) };
}

function failure(status: number, cause: string, message: string): FakeAnswer {
  return json(status, { cause, message, response: status });
}

function imageId(image: string): string {
  return Buffer.from(image).toString("hex").padEnd(64, "0").slice(0, 64);
}

const info = {
  host: {
    arch: "amd64",
    cgroupManager: "cgroupfs",
    cgroupVersion: "v1",
    cpus: 2,
    hostname: "fake",
    os: "linux",
    ociRuntime: { name: "runc", path: "/usr/bin/runc", version: "1" },
    security: { rootless: false, seccompEnabled: true, capabilities: "CAP_KILL" },
  },
  store: { graphDriverName: "overlay", graphRoot: "/fake" },
};

import { Agent, request } from "node:http";

interface PlainCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v4.0.0/libpod`. */
  readonly path: string;
  /** JSON text, or an archive. */
  readonly body?: string | Uint8Array;
}

/** A container just started, as Podman describes it. */
export interface PlainContainer {
  readonly id: string;
  readonly pid: number;
}

/** Podman's API with nothing around it: what the driver is compared with. Every call rejects with Podman's own words. */
export class PlainPodman implements Disposable {
  readonly socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Create, start, inspect: the least a task needs. `spec` is the JSON text of the create call. */
  async startContainer(spec: string): Promise<PlainContainer> {
    const id = textOf(await this.#call({ method: "POST", path: "/containers/create", body: spec }), "Id");
    await this.#call({ method: "POST", path: `/containers/${id}/start` });
    return this.inspect(id);
  }

  /** Create and start: the least that holds a network namespace. `spec` is the JSON text of the create call. Gives the pod's id. */
  async startPod(spec: string): Promise<string> {
    const id = textOf(await this.#call({ method: "POST", path: "/pods/create", body: spec }), "Id");
    await this.#call({ method: "POST", path: `/pods/${id}/start` });
    return id;
  }

  async removePod(pod: string): Promise<void> {
    await this.#call({ method: "DELETE", path: `/pods/${pod}?force=true&timeout=0` });
  }

  /** `container` is a name or an id. */
  async inspect(container: string): Promise<PlainContainer> {
    const answer = await this.#call({ method: "GET", path: `/containers/${container}/json` });
    return { id: textOf(answer, "Id"), pid: numberOf(memberOf(answer, "State"), "Pid") };
  }

  /** Settles with the exit code, some 10 ms after the end. */
  async waitForExit(container: string): Promise<number> {
    const query = "condition=exited&condition=stopped&interval=10ms";
    return Number(await this.#call({ method: "POST", path: `/containers/${container}/wait?${query}` }));
  }

  /** Create, start, read to the end, inspect: the least an exec needs. Settles with its exit code. */
  async exec(container: string, command: readonly string[]): Promise<number> {
    const body = JSON.stringify({ Cmd: command, AttachStdout: true, AttachStderr: true });
    const id = textOf(await this.#call({ method: "POST", path: `/containers/${container}/exec`, body }), "Id");
    await this.#send({ method: "POST", path: `/exec/${id}/start`, body: '{"Detach":false,"Tty":false}' });
    return numberOf(await this.#call({ method: "GET", path: `/exec/${id}/json` }), "ExitCode");
  }

  async remove(container: string): Promise<void> {
    await this.#call({ method: "DELETE", path: `/containers/${container}?force=true&timeout=0&volumes=true` });
  }

  /** Pulls from a registry without TLS. */
  async pull(reference: string): Promise<void> {
    const query = new URLSearchParams({ reference, tlsVerify: "false" });
    const lines = (await this.#send({ method: "POST", path: `/images/pull?${query.toString()}` })).toString();
    if (!lines.includes('"id"')) throw new Error(`Podman did not pull ${reference}: ${lines}`);
  }

  async removeImage(reference: string): Promise<void> {
    await this.#call({ method: "DELETE", path: `/images/${encodeURIComponent(reference)}` });
  }

  /** Makes an image of a tar archive of its root. */
  async importImage(reference: string, archive: Uint8Array): Promise<void> {
    const query = new URLSearchParams({ reference });
    await this.#send({ method: "POST", path: `/images/import?${query.toString()}`, body: archive });
  }

  /** `repo:tag` of all names that images have. */
  async imageNames(): Promise<readonly string[]> {
    const images = await this.#call({ method: "GET", path: "/images/json" });
    if (!Array.isArray(images)) throw new Error("Podman's list of images is no list");
    return images.flatMap((image: unknown) => [memberOf(image, "RepoTags")].flat().map(String));
  }

  async tagImage(reference: string, repository: string, tag: string): Promise<void> {
    const query = new URLSearchParams({ repo: repository, tag });
    await this.#send({ method: "POST", path: `/images/${encodeURIComponent(reference)}/tag?${query.toString()}` });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #call(call: PlainCall): Promise<unknown> {
    const text = (await this.#send(call)).toString();
    return text === "" ? undefined : JSON.parse(text);
  }

  #send(call: PlainCall): Promise<Buffer> {
    const headers =
      call.body === undefined
        ? {}
        : {
            "Content-Type": typeof call.body === "string" ? "application/json" : "application/x-tar",
            "Content-Length": Buffer.byteLength(call.body),
          };
    return new Promise((resolve, reject) => {
      const sent = request({
        socketPath: this.socketPath,
        agent: this.#agent,
        method: call.method,
        path: `/v4.0.0/libpod${call.path}`,
        headers,
      });
      sent.once("error", reject);
      sent.once("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const bytes = Buffer.concat(chunks);
          if ((answer.statusCode ?? 0) < 400) resolve(bytes);
          else reject(new Error(`${call.method} ${call.path}: Podman answered ${answer.statusCode}: ${bytes.toString()}`));
        });
      });
      sent.end(call.body);
    });
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value === "object" && value !== null && name in value) return Reflect.get(value, name);
  throw new Error(`Podman's answer has no ${name}: ${JSON.stringify(value)}`);
}

function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name);
  if (typeof member === "string") return member;
  throw new Error(`${name} in Podman's answer is no text: ${JSON.stringify(member)}`);
}

function numberOf(value: unknown, name: string): number {
  const member = memberOf(value, name);
  if (typeof member === "number") return member;
  throw new Error(`${name} in Podman's answer is no number: ${JSON.stringify(member)}`);
}

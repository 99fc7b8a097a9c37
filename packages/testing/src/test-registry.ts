import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeImage, type PublishedImage, type TestImage } from "./registry-image.ts";
import { makeAuthority, makeCertificate } from "./test-certificates.ts";
import { testSetting } from "./test-setting.ts";
import { TestingError } from "./testing-error.ts";
import { TokenServer, type TokenHolder } from "./token-server.ts";
import { resolveTool } from "./tool-path.ts";

/** The one login of a registry that asks for one. */
export const registryLogin = { username: "ada", password: "correct-horse-battery-staple" } as const;
/** What stands for it at a registry that hands out tokens. */
export const registryIdentityToken = "identity-of-ada-lovelace";
/** bcrypt of that password, which is the only kind that the registry takes. */
const passwordHash = "$2b$05$abcdefghijklmnopqrstuu85MXjg6exOQL.AXFImpsqFFSBHJgLRe";

export interface TestRegistryOptions {
  /** True: nothing without `registryLogin`. "token": nothing without a token, which is had for that or for `registryIdentityToken`. */
  readonly hasLogin?: boolean | "token";
  /** Who is given tokens, where it is neither of these two. */
  readonly holder?: Partial<Pick<TokenHolder, "password" | "identityToken">> | undefined;
  /** True: https, with a certificate of a private CA. */
  readonly hasTls?: boolean;
}

interface RegistryParts {
  readonly folder: string;
  readonly child: ChildProcess;
  readonly tokens: TokenServer | undefined;
}

/** A request below `/v2/` of the registry. */
interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly path: string;
  readonly body?: Uint8Array;
  readonly type?: string;
}

interface RegistryAnswer {
  readonly status: number;
  readonly location: string;
}

/** A registry (Debian's docker-registry) on loopback. Disposing it ends the process and removes its folder. */
export class TestRegistry implements AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** The private CA's certificate; undefined without TLS. */
  readonly caPath: string | undefined;
  /** Who hands out tokens for it; undefined where nobody does. */
  readonly tokens: TokenServer | undefined;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #options: TestRegistryOptions;

  private constructor(host: string, { folder, child, tokens }: RegistryParts, options: TestRegistryOptions) {
    this.host = host;
    this.tokens = tokens;
    this.#folder = folder;
    this.#process = child;
    this.#options = options;
    this.caPath = options.hasTls === true ? join(folder, "ca.crt") : undefined;
  }

  /** Settles when the registry answers. */
  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "registry-"));
    const port = await findFreePort();
    if (options.hasTls === true) {
      await makeAuthority(folder);
      await makeCertificate(folder, "server");
    }
    await writeFile(join(folder, "htpasswd"), `${registryLogin.username}:${passwordHash}\n`);
    const tokens =
      options.hasLogin === "token"
        ? await TokenServer.start(folder, { ...registryLogin, identityToken: registryIdentityToken, ...options.holder })
        : undefined;
    const config = { ...toConfig(folder, port, options), ...(tokens !== undefined && { auth: tokens.registryAuth }) };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const log = openSync(join(folder, "log"), "a");
    const child = spawn(resolveTool("docker-registry"), ["serve", join(folder, "config.json")], { stdio: ["ignore", log, log] });
    closeSync(log);
    child.once("error", () => undefined);
    const registry = new TestRegistry(`127.0.0.1:${port}`, { folder, child, tokens }, options);
    try {
      await registry.#untilReady();
    } catch (error) {
      await registry[Symbol.asyncDispose]();
      throw error;
    }
    return registry;
  }

  /** Puts an image there, as `podman push` would, and tells what it became. A name that is used moves to the new image. */
  async publish(name: string, image: TestImage = {}): Promise<PublishedImage> {
    const [repository = "", tag = "latest"] = name.split(":");
    // Tests that run side by side on one engine must not share an image.
    const published = encodeImage({ salt: this.#folder, ...image });
    for (const blob of published.blobs) await this.#upload(repository, blob.digest, blob.content);
    for (const manifest of published.manifests) {
      for (const reference of manifest.isTagged ? [manifest.digest, tag] : [manifest.digest]) {
        await this.#expect(
          201,
          { method: "PUT", path: `${repository}/manifests/${reference}`, body: manifest.content, type: manifest.mediaType },
        );
      }
    }
    return published;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await gone;
    }
    await this.tokens?.[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #upload(repository: string, digest: string, content: Uint8Array): Promise<void> {
    const { location } = await this.#expect(202, { method: "POST", path: `${repository}/blobs/uploads/` });
    const path = location.replace(/^.*\/v2\//, "");
    await this.#expect(
      201,
      { method: "PUT", path: `${path}&digest=${encodeURIComponent(digest)}`, body: content, type: "application/octet-stream" },
    );
  }

  async #expect(status: number, request: RegistryRequest): Promise<RegistryAnswer> {
    const answer = await this.#ask(request);
    if (answer.status !== status) {
      throw new TestingError("registry", `the test registry answered ${answer.status} to ${request.method} ${request.path}`);
    }
    return answer;
  }

  async #untilReady(): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      const answer = await this.#ask({ method: "GET", path: "" }).catch(() => undefined);
      if (answer?.status === 200) return;
      if (this.#process.pid === undefined || this.#process.exitCode !== null) break;
      await sleep(20);
    }
    const log = await readFile(join(this.#folder, "log"), "utf8");
    throw new TestingError("registry", `the test registry did not start: ${log.slice(-500)}`);
  }

  #ask({ method, path, body, type }: RegistryRequest): Promise<RegistryAnswer> {
    const { hasTls = false, hasLogin = false } = this.#options;
    const token = this.tokens?.issue(/^(.*)\/(?:blobs|manifests)\//.exec(path)?.[1] ?? "");
    return new Promise((resolve, reject) => {
      const outgoing = (hasTls ? httpsRequest : httpRequest)(`${hasTls ? "https" : "http"}://${this.host}/v2/${path}`, {
        method,
        agent: false,
        rejectUnauthorized: false,
        headers: {
          ...(type !== undefined && { "Content-Type": type }),
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          "Content-Length": body?.length ?? 0,
        },
        ...(hasLogin === true && { auth: `${registryLogin.username}:${registryLogin.password}` }),
      });
      outgoing.once("error", reject);
      outgoing.once("response", (answer) => {
        answer.resume().once("end", () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? "" }));
      });
      outgoing.end(body);
    });
  }
}

function toConfig(folder: string, port: number, options: TestRegistryOptions): object {
  return {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: "of no use",
      ...(options.hasTls === true && { tls: { certificate: join(folder, "server.crt"), key: join(folder, "server.key") } }),
    },
    ...(options.hasLogin === true && { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } }),
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  server.close();
  await closed;
  if (address === null || typeof address === "string") throw new TestingError("registry", "no free port on loopback");
  return address.port;
}

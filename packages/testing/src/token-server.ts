import { createPrivateKey, randomUUID, sign, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";
import { resolveTool } from "./tool-path.ts";

const issuer = "test-issuer";
const service = "test-registry";
const lifetimeSeconds = 60;
/** As a server in Go takes. */
const maxHeaderBytes = 1024 * 1024;

/** Who is given tokens. */
export interface TokenHolder {
  readonly username: string;
  readonly password: string;
  /** Stands for both, as after a `docker login` at such a registry. */
  readonly identityToken: string;
}

/**
 * Gives out the tokens that a registry with Bearer authentication asks for, to whoever shows that he is `holder`. The registry trusts it by
 * its certificate.
 */
export class TokenServer implements AsyncDisposable {
  /** How each asker showed who he is, right or wrong. */
  readonly shown: ("identity token" | "login" | "nothing")[] = [];
  readonly #server: Server;
  readonly #holder: TokenHolder;
  readonly #key: KeyObject;
  readonly #certificate: string;
  readonly #certificatePath: string;
  #port = 0;

  private constructor(holder: TokenHolder, files: { readonly key: string; readonly certificate: string; readonly path: string }) {
    this.#holder = holder;
    this.#key = createPrivateKey(files.key);
    this.#certificate = files.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, "");
    this.#certificatePath = files.path;
    this.#server = createServer({ maxHeaderSize: maxHeaderBytes }, (incoming, answer) => void this.#serve(incoming, answer));
  }

  /** Keeps its key and certificate in `folder`, which must exist. */
  static async start(folder: string, holder: TokenHolder): Promise<TokenServer> {
    const [keyPath, path] = [join(folder, "token.key"), join(folder, "token.crt")];
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${issuer}`,
      "-keyout",
      keyPath,
      "-out",
      path,
    ];
    const made = await runProcess(resolveTool("openssl"), args, { signal: AbortSignal.timeout(60_000) });
    if (made.code !== 0) throw new TestingError("registry", `no certificate for the token server: ${made.stderr}`);
    const server = new TokenServer(holder, { key: await readFile(keyPath, "utf8"), certificate: await readFile(path, "utf8"), path });
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    const address = server.#server.address();
    if (address === null || typeof address === "string") throw new TestingError("registry", "the token server does not listen");
    server.#port = address.port;
    return server;
  }

  /** The registry's `auth` section. */
  get registryAuth(): object {
    return { token: { realm: `http://127.0.0.1:${this.#port}/token`, service, issuer, rootcertbundle: this.#certificatePath } };
  }

  /** A token for one repository; "" for none. */
  issue(repository: string): string {
    const seconds = Math.floor(Date.now() / 1000);
    const access = repository === "" ? [] : [{ type: "repository", name: repository, actions: ["pull", "push"] }];
    const claims = {
      iss: issuer,
      sub: this.#holder.username,
      aud: service,
      exp: seconds + lifetimeSeconds,
      nbf: seconds - lifetimeSeconds,
      iat: seconds,
      jti: randomUUID(),
      access,
    };
    const signed = [{ typ: "JWT", alg: "RS256", x5c: [this.#certificate] }, claims]
      .map((part) => encode(Buffer.from(JSON.stringify(part))))
      .join(".");
    return `${signed}.${encode(sign("RSA-SHA256", Buffer.from(signed), this.#key))}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "", "http://127.0.0.1");
    const asked = incoming.method === "POST" ? new URLSearchParams(await text(incoming)) : url.searchParams;
    const isHolder = this.#recognises(incoming.headers.authorization, asked);
    answer.setHeader("Content-Type", "application/json");
    if (!isHolder) {
      answer.writeHead(401).end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] }));
      return;
    }
    const token = this.issue(/^repository:([^:]+):/.exec(asked.get("scope") ?? "")?.[1] ?? "");
    answer.end(JSON.stringify({ token, access_token: token, expires_in: lifetimeSeconds }));
  }

  #recognises(authorization: string | undefined, asked: URLSearchParams): boolean {
    const { username, password, identityToken } = this.#holder;
    if (asked.get("grant_type") === "refresh_token") {
      this.shown.push("identity token");
      return asked.get("refresh_token") === identityToken;
    }
    this.shown.push(authorization === undefined ? "nothing" : "login");
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

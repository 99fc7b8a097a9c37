import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { rootCertificates } from "node:tls";

test("a host without authorities of its own leaves those that Node brings", () => {
  const program = `
    const { trustHostAuthorities } = await import(process.argv[1]);
    const { getCACertificates } = await import("node:tls");
    trustHostAuthorities();
    console.log(getCACertificates("default").length);
  `;
  const args = ["--use-openssl-ca", "--input-type=module", "-e", program, new URL("trust-host-authorities.ts", import.meta.url).href];
  const env = { ...process.env, SSL_CERT_FILE: "/nonexistent", SSL_CERT_DIR: "/nonexistent", NODE_EXTRA_CA_CERTS: "" };
  assert.equal(Number(execFileSync(process.execPath, args, { env, encoding: "utf8" })), rootCertificates.length);
});

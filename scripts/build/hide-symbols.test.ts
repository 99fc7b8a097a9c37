import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bucketsFor, encodeHashTable, hashName, readSymbols } from "./dynamic-symbols.ts";
import { hideSymbols } from "./hide-symbols.ts";
import { TrialExecutable } from "./trial-executable.ts";

/** What the program asks of each library that Node is made of or linked with: written as JSON. */
const questions = `
  const { createHash, generateKeyPairSync, sign, verify, randomBytes } = require("node:crypto");
  const { gunzipSync, gzipSync, brotliCompressSync, brotliDecompressSync } = require("node:zlib");
  const { DatabaseSync } = require("node:sqlite");
  const { Worker } = require("node:worker_threads");
  const { lookup } = require("node:dns");
  const fs = require("node:fs");
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const data = Buffer.from("data");
  const failing = (act) => { try { act(); return "none"; } catch (error) { return error.code ?? error.name; } };
  const wasm = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const database = new DatabaseSync(":memory:");
  const folder = fs.mkdtempSync(process.env.FOLDER + "/work-");
  fs.cpSync(process.env.FOLDER + "/main.cjs", folder + "/copy");
  fs.rmSync(folder, { recursive: true });
  const answers = {
    hash: createHash("sha256").update("x").digest("hex"),
    signed: verify("sha256", data, keys.publicKey, sign("sha256", data, keys.privateKey)),
    random: randomBytes(8).length,
    zip: [gunzipSync(gzipSync("gz")), brotliDecompressSync(brotliCompressSync("br"))].map(String),
    sql: database.prepare("select 6 * 7 as answer").get().answer,
    failures: [
      failing(() => fs.readFileSync("/nonexistent")),
      failing(() => fs.cpSync("/nonexistent", "/nonexistent/too", { recursive: true })),
      failing(() => database.exec("nonsense")),
      failing(() => new RegExp("(")),
      failing(() => new WebAssembly.Module(Uint8Array.of(1))),
    ],
    wasm: WebAssembly.Module.exports(wasm).length,
    time: new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", timeStyle: "long" }).format(0),
    temporal: typeof Temporal === "undefined" ? undefined : Temporal.PlainDate.from("2026-02-28").add({ days: 1 }).toString(),
  };
  lookup("localhost", (error, address) => {
    answers.host = error === null && /^(::1|127\\.)/.test(address);
    new Worker("require('node:worker_threads').parentPort.postMessage(6 * 7)", { eval: true }).on("message", (message) => {
      process.stdout.write(JSON.stringify({ ...answers, message }));
    });
  });
`;

function offeredBy(file: Buffer): readonly string[] {
  return readSymbols(file).entries.flatMap(({ name, isDefined }) => (isDefined ? [name] : []));
}

test("an executable that offers addons no names answers as Node does, and is 3.5 MB smaller", () => {
  using trial = new TrialExecutable(questions, { NODE_NO_WARNINGS: "1" });
  const { whole } = trial;
  const hidden = hideSymbols(whole);
  assert.deepEqual(trial.askFile(hidden), trial.askNode());
  assert.ok(whole.length - hidden.length > 3_500_000, `${whole.length} - ${hidden.length}`);
  const [before, after] = [offeredBy(whole), offeredBy(hidden)];
  assert.ok(before.includes("napi_create_function") && !after.includes("napi_create_function"));
  // What the C++ library shares with the program: it writes to the very same streams, and knows its exceptions.
  for (const name of ["_ZSt4cerr", "_ZTVN10__cxxabiv120__si_class_type_infoE", "stderr", "environ", "__environ", "tzname"]) {
    assert.ok(before.includes(name) && after.includes(name), name);
  }
});

test("a program of the host runs as before, at whatever address it is loaded", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "symbols-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "sort");
  writeFileSync(path, hideSymbols(readFileSync("/usr/bin/sort")), { mode: 0o755 });
  assert.equal(execFileSync(path, ["-n"], { input: "10\n9\n", encoding: "utf8" }), "9\n10\n");
});

test("what is for another processor stays as it is, and what is no program is refused", () => {
  const other = readFileSync("/bin/true");
  other.writeUInt16LE(183, 18);
  assert.equal(hideSymbols(other), other);
  assert.throws(() => hideSymbols(Buffer.from("#!/bin/sh\n".repeat(20))), /64-bit/);
});

/** As the dynamic linker looks for a name. */
function find(table: Buffer, names: readonly string[], wanted: string): number | undefined {
  const [buckets, first] = [table.readUInt32LE(0), table.readUInt32LE(4)];
  const [words, shift] = [table.readUInt32LE(8), table.readUInt32LE(12)];
  const hash = hashName(wanted);
  const word = table.readBigUInt64LE(16 + 8 * (Math.floor(hash / 64) % words));
  const isPossible = ((word >> BigInt(hash % 64)) & (word >> BigInt((hash >>> shift) % 64)) & 1n) === 1n;
  if (!isPossible) return undefined;
  const bucketsAt = 16 + 8 * words;
  for (let index = table.readUInt32LE(bucketsAt + 4 * (hash % buckets)); index !== 0; index += 1) {
    const known = table.readUInt32LE(bucketsAt + 4 * buckets + 4 * (index - first));
    if (known >>> 1 === hash >>> 1 && names[index - first] === wanted) return index;
    if ((known & 1) === 1) return undefined;
  }
  return undefined;
}

test("the hash of a name is that of the ELF documents", () => {
  assert.deepEqual(["", "printf", "exit", "syscall"].map(hashName), [0x1505, 0x156b2bb8, 0x7c967e3f, 0xbac212a0]);
});

const someNames = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 });

test("the table finds every name that is in it, and no other", () => {
  fc.assert(
    fc.property(someNames, fc.string(), fc.integer({ min: 1, max: 700 }), (names, absent, first) => {
      const listOf = (name: string): number => hashName(name) % bucketsFor(names.length);
      const ordered = names.toSorted((one, other) => listOf(one) - listOf(other));
      const table = encodeHashTable(ordered, first);
      for (const [index, name] of ordered.entries()) assert.equal(find(table, ordered, name), first + index);
      if (!names.includes(absent)) assert.equal(find(table, ordered, absent), undefined);
    }),
  );
});

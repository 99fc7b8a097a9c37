import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHclogLogger } from "./hclog-logger.ts";
import { logLevels } from "./logger.ts";
import { parseLogLine } from "./parse-log-line.ts";

const now = () => new Date("2026-08-21T10:11:12.123Z");

function recorder(name?: string) {
  const lines: string[] = [];
  const logger = createHclogLogger((line) => lines.push(line), { now, ...(name !== undefined && { name }) });
  return { lines, logger };
}

test("a line is one JSON object of strings with a time of six digits", () => {
  const { lines, logger } = recorder("podman");
  logger.info("task started", { pid: 12_345_678, oom: false, name: "a" });
  assert.deepEqual(lines, [
    '{"@level":"info","@message":"task started","@module":"podman","@timestamp":"2026-08-21T10:11:12.123000Z",' +
      '"pid":"12345678","oom":"false","name":"a"}\n',
  ]);
});

test("each level writes its name", () => {
  const { lines, logger } = recorder();
  for (const level of logLevels) logger[level]("text");
  assert.deepEqual(
    lines.map((line) => parseLogLine(line).level),
    logLevels,
  );
});

test("named and with add to the module and the fields", () => {
  const { lines, logger } = recorder("podman");
  logger.named("image").with({ task: "web", tries: 1 }).named("pull").warn("slow", { tries: 2 });
  const { module, fields, message } = parseLogLine(lines[0] ?? "");
  assert.deepEqual({ module, fields, message }, { module: "podman.image.pull", fields: { task: "web", tries: "2" }, message: "slow" });
});

test("a field cannot take the place of a special key", () => {
  const { lines, logger } = recorder();
  logger.info("text", { "@message": 1, "@level": 2, "@@timestamp": 3, "@": 4 });
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    "@level": "info",
    "@message": "text",
    "@module": "",
    "@timestamp": "2026-08-21T10:11:12.123000Z",
    message: "1",
    level: "2",
    timestamp: "3",
  });
});

test("a message that is no string at run time is still text", () => {
  const { lines, logger } = recorder();
  for (const thrown of [null, undefined, 5, { a: 1 }]) Reflect.apply(logger.error, logger, [thrown]);
  assert.deepEqual(
    lines.map((line) => parseLogLine(line).message),
    ["null", "undefined", "5", "[object Object]"],
  );
});

test("a line that would exceed 64 KiB is shortened, whatever makes it long", () => {
  const { lines, logger } = recorder();
  logger.info("x".repeat(200_000));
  logger.info("\u0001".repeat(200_000), { more: "😀".repeat(50_000) });
  logger.info("text", Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, "value ".repeat(20)])));
  for (const line of lines) {
    assert.ok(Buffer.byteLength(line) < 65_536, `${Buffer.byteLength(line)} bytes`);
    assert.equal(parseLogLine(line).level, "info");
  }
  assert.match(parseLogLine(lines[0] ?? "").message, /^x+… \(200000 characters\)$/);
  assert.deepEqual(parseLogLine(lines[2] ?? "").fields, { "log-fields": "left out, too many" });
});

test("any text, also lone surrogates and newlines, gives one line that a host reads back", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  const loneSurrogate = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => `a${String.fromCharCode(unit)}b`);
  fc.assert(
    fc.property(fc.oneof(text, loneSurrogate), fc.dictionary(text, text), (message, fields) => {
      const { lines, logger } = recorder();
      logger.debug(message, fields);
      assert.equal(lines.length, 1);
      const line = lines[0] ?? "";
      assert.equal(line.indexOf("\n"), line.length - 1);
      assert.equal(parseLogLine(line).message, message.toWellFormed());
      assert.ok(Object.values(JSON.parse(line)).every((value) => typeof value === "string"));
      assert.equal(Buffer.from(line).toString("utf8"), line);
    }),
  );
});

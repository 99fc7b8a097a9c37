import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogLine } from "./parse-log-line.ts";
import type { LogEntry } from "./parse-log-line.ts";

const raw = (level: LogEntry["level"], message: string): LogEntry => ({ level, message, fields: {} });
const time = new Date("2026-08-21T10:11:12.123Z");

const lines: readonly (readonly [line: string, entry: LogEntry])[] = [
  [
    '{"@level":"warn","@message":"m","@timestamp":"2026-08-21T10:11:12.123000Z","@module":"a.b","k":"v"}',
    { level: "warn", message: "m", timestamp: time, module: "a.b", fields: { k: "v" } },
  ],
  [
    '{"@level":" INFO ","@message":"m","@timestamp":"2026-08-21T12:11:12.123000+02:00"}',
    { level: "info", message: "m", timestamp: time, fields: {} },
  ],
  ['{"@level":"info"}', { level: "info", message: "", fields: {} }],
  ['{"@level":"info","@message":"m","n":5,"@module":7}', { level: "info", message: "m", fields: { n: 5 } }],
  ['{"@message":"m"}', raw("debug", '{"@message":"m"}')],
  ['{"@level":"fatal","@message":"m"}', raw("debug", '{"@level":"fatal","@message":"m"}')],
  ['{"@level":"info","@message":5}', raw("debug", '{"@level":"info","@message":5}')],
  ['{"@level":"info","@timestamp":"2026-08-21T10:11:12.123Z"}', raw("debug", '{"@level":"info","@timestamp":"2026-08-21T10:11:12.123Z"}')],
  ['{"@level":"info","@timestamp":null}', raw("debug", '{"@level":"info","@timestamp":null}')],
  ["[WARN] careful", raw("warn", "[WARN] careful")],
  ["[ERROR]", raw("error", "[ERROR]")],
  ["[INFOX] x", raw("debug", "[INFOX] x")],
  ["plain", raw("debug", "plain")],
  ["null", raw("debug", "null")],
  ["[1, 2]", raw("debug", "[1, 2]")],
  ["{", raw("debug", "{")],
  ["", raw("debug", "")],
];

for (const [line, entry] of lines) {
  test(`stderr line ${JSON.stringify(line)} is ${entry.level}`, () => assert.deepEqual(parseLogLine(line), entry));
}

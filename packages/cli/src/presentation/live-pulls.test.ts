import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunEvent } from "@driver/nomad-host";

import { LivePulls } from "./live-pulls.ts";
import type { Output } from "./output.ts";
import { createStyle } from "./style.ts";

/** A terminal of so many columns that keeps what stands on it. */
class Screen {
  readonly columns: number;
  readonly #lines: string[] = [""];

  constructor(columns = 100) {
    this.columns = columns;
  }

  get text(): string {
    return this.#lines.join("\n");
  }

  /** Knows what the lines use: line ends, carriage return, up, and erase to the end. */
  readonly write = (text: string): void => {
    for (const [part] of text.matchAll(/\r(?:\u001b\[(\d+)A)?\u001b\[J|\n|[^\r\n\u001b]+/g)) {
      if (part === "\n") this.#lines.push("");
      else if (part.startsWith("\r")) this.#lines.splice(this.#lines.length - 1 - Number(/\[(\d+)A/.exec(part)?.[1] ?? 0), Infinity, "");
      else this.#lines[this.#lines.length - 1] += part;
    }
    for (const line of this.#lines) assert.ok(line.length < this.columns, `wrapped: ${line}`);
  };
}

const outputTo = (screen: Screen): Output => ({
  style: createStyle({ isTerminal: true, env: {} }),
  isClosed: false,
  write: async (bytes) => screen.write(Buffer.from(bytes).toString()),
  writeLine: async (text) => screen.write(`${text}\n`),
});

function status(image: string, fields: Readonly<Record<string, string>>): RunEvent {
  return {
    kind: "plugin-log",
    entry: { level: "trace", message: "image pull goes on", fields: { image, elapsed_ms: "8000", ended: "false", ...fields } },
  };
}

const half = { progress: "2 layers begun, 5.0 MB of 10.0 MB", current_bytes: "5000000", total_bytes: "10000000" };

function watchOn(screen: Screen): { readonly live: LivePulls; readonly tell: (event: RunEvent) => void; readonly passed: RunEvent[] } {
  const live = new LivePulls(screen);
  const passed: RunEvent[] = [];
  const tell = live.watch((event) => void passed.push(event));
  return { live, passed, tell: (event) => void tell(event) };
}

describe("a pull on a terminal", () => {
  test("has a bar where all bytes are known, and words where they are not", () => {
    const screen = new Screen();
    const { tell } = watchOn(screen);
    tell(status("r.io/x:1", half));
    assert.equal(screen.text, "[==========          ] 50 % 2 layers begun, 5.0 MB of 10.0 MB, 8s: r.io/x:1");
    tell(status("r.io/x:1", { progress: "2 layers begun" }));
    assert.equal(screen.text, "2 layers begun, 8s: r.io/x:1");
  });

  test("stands below what is written meanwhile, and is gone when it ends", async () => {
    const screen = new Screen();
    const { live, tell, passed } = watchOn(screen);
    const output = live.above(outputTo(screen));
    tell(status("r.io/x:1", half));
    tell(status("r.io/y:1", { progress: "1 layer begun" }));
    await output.writeLine("web | one");
    await output.write(Buffer.from("web | two\nweb | three\n"));
    assert.deepEqual(
      screen.text.split("\n").map((line) => line.slice(0, 9)),
      ["web | one", "web | two", "web | thr", "[========", "1 layer b"],
    );
    tell(status("r.io/x:1", { progress: "", ended: "true" }));
    tell(status("r.io/y:1", { progress: "", ended: "true" }));
    assert.equal(screen.text, "web | one\nweb | two\nweb | three\n");
    assert.equal(passed.length, 4);
  });

  test("takes no more than the terminal's width and five lines, and leaves nothing behind", () => {
    const screen = new Screen(40);
    const { live, tell } = watchOn(screen);
    for (let number = 0; number < 7; number += 1) tell(status(`r.io/${"long".repeat(20)}:${number}`, half));
    assert.deepEqual([screen.text.split("\n").length, screen.text.split("\n").at(-1)], [5, "3 more images"]);
    live[Symbol.dispose]();
    assert.equal(screen.text, "");
  });

  test("cannot write to the terminal what is no text", () => {
    const screen = new Screen();
    const { tell } = watchOn(screen);
    tell(status("r.io/x\u001b[2J\n:1", { progress: "1 layer begun" }));
    assert.equal(screen.text, "1 layer begun, 8s: r.io/x\\x1b[2J :1");
  });
});

test("without a terminal nothing is drawn", async () => {
  const screen = new Screen();
  const live = new LivePulls(undefined);
  const output = outputTo(screen);
  const passed: RunEvent[] = [];
  assert.equal(live.above(output), output);
  void live.watch((event) => void passed.push(event))(status("r.io/x:1", half));
  assert.deepEqual([screen.text, passed.length], ["", 1]);
});

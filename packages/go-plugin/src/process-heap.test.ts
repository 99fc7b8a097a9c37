import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { getHeapCodeStatistics, getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { processHeap } from "./process-heap.ts";

// As in the executable (docs/decisions/0021): a compiler in another thread holds the code of what it is at.
setFlagsFromString("--no-concurrent-sparkplug");

test("a trim gives back what nobody holds, and leaves the flag as it was", () => {
  processHeap.trim({ givesUpCode: false });
  const before = processHeap.takenBytes();
  let garbage: unknown[] = Array.from({ length: 300_000 }, (_, index) => ({ index }));
  assert.ok(processHeap.takenBytes() > before + 5_000_000);
  assert.equal(garbage.length, 300_000);
  garbage = [];
  processHeap.trim({ givesUpCode: false });
  assert.ok(processHeap.takenBytes() < before + 2_000_000);
  assert.equal("gc" in globalThis, false);
});

test("only a trim that is told so gives up the code of functions that do not run, and they run as before", () => {
  const codeBytes = (): number => getHeapCodeStatistics().bytecode_and_metadata_size;
  processHeap.trim({ givesUpCode: true });
  const before = codeBytes();
  const functions = Array.from({ length: 500 }, (_, index) => {
    const lines = Array.from({ length: 50 }, (_unused, line) => `sum += ${line} * ${index};`).join(" ");
    // oxlint-disable-next-line typescript/no-implied-eval -- code that is compiled here, and that nothing else holds
    return new Function(`let sum = 0; ${lines} return sum;`) as () => number;
  });
  const sums = (): number[] => functions.map((sum) => sum());
  const first = sums();
  // As often as it takes for the first of the compilers.
  for (let times = 0; times < 100; times += 1) sums();
  const grownBytes = codeBytes() - before;
  assert.ok(grownBytes > 200_000, `${grownBytes} bytes`);
  processHeap.trim({ givesUpCode: false });
  const keptBytes = codeBytes() - before;
  assert.ok(keptBytes > grownBytes * 0.8, `${keptBytes} bytes of ${grownBytes}`);
  processHeap.trim({ givesUpCode: true });
  const leftBytes = codeBytes() - before;
  assert.ok(leftBytes < grownBytes / 2, `${leftBytes} bytes`);
  assert.deepEqual(sums(), first);
});

test("young objects get no more memory while that is not allowed", () => {
  const youngBytes = (): number => getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
  /** Many objects that live for a while, and much garbage: what the part for them grows by. */
  const load = (): number => {
    let lasting: unknown[] = [];
    for (let round = 0; round < 400; round += 1) {
      lasting.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
      if (lasting.length === 40) lasting = [];
    }
    return youngBytes();
  };
  processHeap.trim({ givesUpCode: false });
  processHeap.letGrow(false);
  const held = load();
  processHeap.letGrow(true);
  const grown = load();
  assert.ok(held * 2 <= grown, `${held} bytes, then ${grown}`);
});

test("the flags that are set again are V8's own", () => {
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  const defaultOf = (flag: string): string | undefined => new RegExp(`--${flag} .*\\n.*default: (\\S+)`).exec(options)?.[1];
  assert.deepEqual(
    ["bytecode-old-age", "flush-baseline-code", "semi-space-growth-factor"].map(defaultOf),
    ["--bytecode-old-age=6", "--no-flush-baseline-code", "--semi-space-growth-factor=2"],
  );
});

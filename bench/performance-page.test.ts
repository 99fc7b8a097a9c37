import assert from "node:assert/strict";
import { test } from "node:test";
import { renderBarChart } from "./bar-chart.ts";
import { atMost } from "./figure.ts";
import { renderPerformancePage } from "./performance-page.ts";

const exit = { name: "exit → WaitTask, p50", value: 5, unit: "ms", goal: atMost(25), baseline: 1000, against: "polling" } as const;
const torrent = { name: "torrent", value: 90, unit: "MB/s", baseline: 100, against: "bare Podman", remark: "3 times 300 MB" } as const;
const page = renderPerformancePage({
  machine: "Podman 4.3.1, Linux 6.1, 2 cores",
  date: "2026-11-30",
  parts: [
    { part: "exits", summary: "from death to answer", figures: [exit] },
    { part: "logs", summary: "a torrent", figures: [torrent, { name: "driver CPU", value: 0.7, unit: "s", goal: atMost(0.6) }] },
  ],
});

test("the page names machine and date, and has a row for each figure with its goal and its ratio", () => {
  assert.match(page.markdown, /on 2026-11-30: Podman 4\.3\.1, Linux 6\.1, 2 cores\./);
  const rows = page.markdown.split("\n").filter((line) => /^\| (?!figure)/.test(line));
  assert.deepEqual(rows, [
    "| exit → WaitTask, p50 | 5.0 ms | ≤ 25.0 ms, met | polling 1000.0 ms | × 0.01 |  |",
    "| torrent | 90.0 MB/s |  | bare Podman 100.0 MB/s | × 0.90 | 3 times 300 MB |",
    "| driver CPU | 0.70 s | ≤ 0.60 s, missed |  |  |  |",
  ]);
});

test("each figure that is compared has a chart, which the page shows with its numbers", () => {
  assert.deepEqual([...page.charts.keys()], ["exits-exit-waittask-p50.svg", "logs-torrent.svg"]);
  assert.match(
    page.markdown,
    /!\[exit → WaitTask, p50: this driver 5\.0 ms, polling 1000\.0 ms\]\(performance\/exits-exit-waittask-p50\.svg\)/,
  );
  const chart = page.charts.get("logs-torrent.svg") ?? "";
  for (const text of ["this driver", "90.0 MB/s", "bare Podman", "100.0 MB/s"]) assert.ok(chart.includes(`>${text}</text>`), text);
});

test("bars have one scale, the longest fills the chart, and a tiny one is still there", () => {
  const widthsOf = (values: readonly number[]): string[] =>
    [...renderBarChart("t", values.map((value) => ({ label: "", value, text: "" }))).matchAll(/<rect [^>]*width="(\d+)"/g)].map(
      ([, width = ""]) => width,
    );
  assert.deepEqual(widthsOf([50, 100]), ["200", "400"]);
  assert.deepEqual(widthsOf([0, 100]), ["1", "400"]);
});

test("text goes into an image as text", () => {
  const chart = renderBarChart(`a < b & "c"`, [{ label: "x<y", value: 1, text: "1" }]);
  assert.match(chart, /<title>a &lt; b &amp; &quot;c&quot;<\/title>/);
  assert.match(chart, />x&lt;y<\/text>/);
});

import { statSync } from "node:fs";
import type { Part } from "../bed.ts";

export const size: Part = {
  name: "size",
  summary: "size of the executable",
  run: (bed) => Promise.resolve([{ name: "executable", value: statSync(bed.plugin).size / 1_000_000, unit: "MB" }]),
};

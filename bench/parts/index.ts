import type { Part } from "../bed.ts";
import { config } from "./config.ts";
import { cpu } from "./cpu.ts";
import { exec } from "./exec.ts";
import { exits } from "./exits.ts";
import { imageCleanUp } from "./image-clean-up.ts";
import { images } from "./images.ts";
import { groups } from "./groups.ts";
import { logs } from "./logs.ts";
import { manyTasks } from "./many.ts";
import { memory } from "./memory.ts";
import { parallel } from "./parallel.ts";
import { size } from "./size.ts";
import { spawn } from "./spawn.ts";
import { start } from "./start.ts";

/** Every part, in the order in which they run. */
export const parts: readonly Part[] = [
  ...[exits, start, config, spawn, memory, manyTasks, cpu, logs],
  ...[exec, groups, parallel, images, imageCleanUp, size],
];

// Runs inside a world: engine, image, then the chaos run with the options given as JSON.
import { runChaos } from "../e2e/chaos/run-chaos.ts";

process.exitCode = await runChaos(JSON.parse(process.argv[2] ?? "{}"));

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripElf } from "./strip-elf.ts";

/** A script that prints JSON, as a single executable of the pinned Node without its symbols: for tests of what is made of such a file. */
export class TrialExecutable implements Disposable {
  /** An existing folder of its own, which the script has as FOLDER. */
  readonly folder = mkdtempSync(join(tmpdir(), "trial-"));
  /** As `--build-sea` makes it. */
  readonly whole: Buffer;
  readonly #main = join(this.folder, "main.cjs");
  readonly #env: Readonly<Record<string, string>>;

  /** @param env all that the script finds in its environment, but for FOLDER */
  constructor(script: string, env: Readonly<Record<string, string>>) {
    this.#env = { ...env, FOLDER: this.folder };
    const inFolder = (name: string): string => join(this.folder, name);
    const [output, executable, config] = [inFolder("whole"), inFolder("node"), inFolder("sea.json")];
    writeFileSync(this.#main, script);
    writeFileSync(executable, stripElf(readFileSync(process.execPath)));
    writeFileSync(config, JSON.stringify({ main: this.#main, output, executable, disableExperimentalSEAWarning: true }));
    execFileSync(process.execPath, ["--build-sea", config]);
    this.whole = readFileSync(output);
  }

  /** What the script prints when Node runs it. */
  askNode(): unknown {
    return this.#ask(process.execPath, this.#main);
  }

  /** The same when this file runs it. */
  askFile(content: Buffer): unknown {
    const path = join(this.folder, "changed");
    writeFileSync(path, content, { mode: 0o755 });
    return this.#ask(path);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #ask(program: string, ...args: readonly string[]): unknown {
    return JSON.parse(execFileSync(program, args, { env: this.#env, encoding: "utf8", maxBuffer: 16 * 1024 * 1024 }));
  }
}

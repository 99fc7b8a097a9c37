import { toLiteralSource, type HclRecord } from "@driver/hcl/values";

/** A config as HCL, one line a key: blocks are written as arguments, which Nomad takes alike. */
export function toExampleLines(config: HclRecord): readonly string[] {
  return Object.entries(config).map(([key, value]) => `${key} = ${toLiteralSource(value)}`);
}

/** A job whose task has these lines in its config, with what they may refer to. */
export function toExampleJob(lines: readonly string[]): string {
  return `job "example" {\n${toExampleGroup("example", lines)}}\n`;
}

/** A group of a job with one task of the same name; the image is added where the lines of its config name none. */
export function toExampleGroup(name: string, lines: readonly string[]): string {
  const image = lines.some((line) => line.startsWith("image =")) ? [] : ['image = "docker.io/library/busybox:1"'];
  return `  group "${name}" {
    network {
      port "http" {
        to = 8080
      }
    }
    task "${name}" {
      driver = "podman"
      config {
${[...image, ...lines].map((line) => `        ${line}`).join("\n")}
      }
    }
  }
`;
}

/** The agent's block for the plugin with these lines in its config. */
export function toExamplePlugin(lines: readonly string[]): string {
  return `plugin "nomad-driver-podman" {\n  config {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n}\n`;
}

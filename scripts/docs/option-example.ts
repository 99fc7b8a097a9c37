import { toLiteralSource, type HclRecord } from "@driver/hcl/values";

/** A config as HCL, one line a key: blocks are written as arguments, which Nomad takes alike. */
export function toExampleLines(config: HclRecord): readonly string[] {
  return Object.entries(config).map(([key, value]) => `${key} = ${toLiteralSource(value)}`);
}

/** A job whose task has these lines in its config, with what they may refer to; the image is added where they name none. */
export function toExampleJob(lines: readonly string[]): string {
  const image = lines.some((line) => line.startsWith("image =")) ? [] : ['image = "docker.io/library/busybox:1"'];
  return `job "example" {
  group "example" {
    network {
      port "http" {
        to = 8080
      }
    }
    task "example" {
      driver = "podman"
      config {
${[...image, ...lines].map((line) => `        ${line}`).join("\n")}
      }
      resources {
        memory = 32
      }
    }
  }
}
`;
}

/** The agent's block for the plugin with these lines in its config. */
export function toExamplePlugin(lines: readonly string[]): string {
  return `plugin "nomad-driver-podman" {\n  config {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n}\n`;
}

/** A part of a file that explains configuration key by key. */
export interface Snippet {
  /** The comment above it. */
  readonly title: string;
  readonly text: string;
}

/** The parts of a text in which each begins with a comment line of its own. */
export function findSnippets(text: string): readonly Snippet[] {
  return text
    .split(/^# /m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.split("\n");
      return { title, text: lines.join("\n") };
    });
}

/** A job around a `config` block, with the image that the block may not name and the ports that it may. */
export function toJob({ text }: Snippet): string {
  const config = /^\s*image\s*=/m.test(text) ? text : text.replace("config {", 'config {\n  image = "localhost/busybox:1"');
  return `job "snippet" {
  group "snippet" {
    network {
      port "redis" {
        to = 6379
      }
    }
    task "snippet" {
      driver = "podman"
${config}
      resources {
        memory = 128
      }
    }
    task "server" {
      driver = "podman"
      config {
        image = "localhost/busybox:1"
      }
    }
  }
}
`;
}

/** Where the tests' image is named in place of each task's own, and each task runs what `scripts` has for it in a shell. */
export function withScripts(job: string, scripts: Readonly<Record<string, string>>): string {
  const [head = "", ...tasks] = job.split(/^(?= *task ")/m);
  const filled = tasks.map((text) => {
    const name = /task "([^"]+)"/.exec(text)?.[1] ?? "";
    const kept = text.replaceAll(/^ *(?:command|args) *=.*\n/gm, "").replace(/image( *)= "[^"]*"/, 'image$1= "localhost/busybox:1"');
    return kept.replace("config {", `config {\n        command = "sh"\n        args    = ["-c", ${toHclText(scripts[name] ?? "true")}]`);
  });
  return [head, ...filled].join("");
}

/** A text that the file and, once more, Nomad's client read as it is. */
function toHclText(text: string): string {
  return JSON.stringify(text).replaceAll("${", "$$$${").replaceAll("%{", "%%%%{");
}

import { readFileSync } from "node:fs";
import { TestingError } from "./testing-error.ts";
import { encodeTar, type TarEntry } from "./tar-encoder.ts";
import { runProcess } from "./run-process.ts";
import { findTool } from "./tool-path.ts";

/** ENV PATH of the images that `importBusybox` makes. */
export const busyboxImagePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Changes that `podman import` applies to the image's configuration. */
export const busyboxImageChanges = [`ENV PATH=${busyboxImagePath}`, 'CMD ["sh"]'];

/**
 * A root folder as a tar archive: the host's static busybox, a link for each of its applets, users root, nobody and
 * app (1000). @throws TestingError when there is no static busybox.
 */
export async function createBusyboxArchive(signal: AbortSignal): Promise<Uint8Array> {
  const path = findTool("busybox");
  const program = path === undefined ? undefined : readFileSync(path);
  if (path === undefined || program === undefined || program.includes("/lib64/ld-linux") || program.includes("/lib/ld-linux")) {
    throw new TestingError("tool-missing", "No static busybox here to make the test image from. Install the package busybox-static.");
  }
  const applets = await runProcess(path, ["--list"], { signal });
  const links = applets.stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  return encodeTar([
    ...["bin", "etc", "root", "home", "home/app", "var", "var/www", "usr", "usr/local", "usr/local/bin"].map(toFolder),
    { path: "tmp/", mode: 0o1777 },
    { path: "bin/busybox", mode: 0o755, content: program },
    ...links.map((name): TarEntry => ({ path: `bin/${name}`, mode: 0o777, linkTarget: "busybox" })),
    toFile(
      "etc/passwd",
      "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
    toFile("etc/group", "root:x:0:\napp:x:1000:\nnogroup:x:65534:\n"),
  ]);
}

function toFolder(path: string): TarEntry {
  return { path: `${path}/`, mode: 0o755 };
}

function toFile(path: string, text: string): TarEntry {
  return { path, mode: 0o644, content: Buffer.from(text) };
}

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";
import { resolveTool } from "./tool-path.ts";

/** A Debian release, or several on top of each other, as far as its packages make a Podman of another version. */
export interface UserlandSource {
  /** As the mirror calls them, such as "trixie"; the last one has the newest packages. */
  readonly suites: readonly string[];
  /** Packages beside those that every userland has. `name/suite` takes one from that suite. */
  readonly packages: readonly string[];
}

/** What Podman, the engine of tests and the tests themselves run. */
const commonPackages = [
  ...["conmon", "crun", "nftables", "iptables", "uidmap", "fuse-overlayfs", "catatonit", "busybox-static", "libatomic1", "libstdc++6"],
  ...["bash", "dash", "coreutils", "util-linux", "mount", "iproute2", "procps", "grep", "sed", "findutils", "tar", "gzip", "mawk"],
  ...["debianutils", "hostname", "diffutils", "openssl", "acl", "ca-certificates", "tzdata", "docker-registry"],
];
/** Makes /bin, /sbin and /lib links before anything is unpacked, so that packages older than that have all of theirs below /usr. */
const mergedUsr = "/usr/share/mmdebstrap/hooks/merged-usr";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const usualMirror = "http://deb.debian.org/debian";
/** Names that Debian's alternatives give it, which nothing has set in a tree that is only unpacked. */
const iptablesNames = ["iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"];
const defaultTimeoutMs = 600_000;
/** The code with which `timeout` tells that it was one (coreutils). */
const timedOutCode = 124;

/**
 * Unpacks the source's packages from the Debian mirror that this host's apt uses into a folder of `parent` that is named by them,
 * unless it is there, and settles with its path. Nothing of the host's is changed, and no script of a package runs. Takes some 30 s
 * and 250 MB of disk.
 * @param timeoutMs how long the mirror may take, in whole seconds; default: ten minutes
 * @throws TestingError "userland" with the words of apt when the mirror does not serve it, or not in time, "tool-missing" without
 * mmdebstrap
 */
export async function buildUserland(
  parent: string,
  source: UserlandSource,
  signal: AbortSignal,
  timeoutMs: number = defaultTimeoutMs,
): Promise<string> {
  const packages = [...commonPackages, ...source.packages];
  const key = createHash("sha256").update(packages.join()).digest("hex").slice(0, 8);
  const folder = join(parent, `${source.suites.join("+")}-${key}`);
  if (existsSync(folder)) return folder;
  const unpacked = `${folder}.new`;
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(parent, { recursive: true });
  const mirror = await findMirror(signal);
  const lines = source.suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main`);
  const seconds = String(timeoutMs / 1000);
  const { code, stdout, stderr } = await runProcess(
    resolveTool("timeout"),
    [
      // It ends what mmdebstrap has started, too.
      ...["--kill-after=5", seconds, resolveTool("mmdebstrap")],
      ...["--mode=root", "--variant=extract", `--hook-dir=${mergedUsr}`],
      ...['--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Check-Valid-Until "false"'],
      ...["man", "doc", "locale"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      `--include=${packages.join(",")}`,
      ...[source.suites[0] ?? "", unpacked, ...lines],
    ],
    { signal },
  );
  if (code !== 0) {
    await rm(unpacked, { recursive: true, force: true });
    const late = `the mirror ${mirror} did not serve it within ${seconds} s`;
    throw new TestingError("userland", code === timedOutCode ? late : toReason(`${stdout}\n${stderr}`));
  }
  for (const name of iptablesNames) await symlink("xtables-nft-multi", join(unpacked, "usr/sbin", name)).catch(() => undefined);
  await rename(unpacked, folder);
  return folder;
}

/** What apt says is wrong: its errors, or the packages that do not fit together. */
function toReason(log: string): string {
  const lines = log.split("\n").map((line) => line.trim());
  const found = lines.filter((line) => /^E: (?!mmdebstrap|apt download|Unable to correct)| : Depends: /.test(line));
  return [...new Set(found)].join("; ") || lines.filter((line) => line !== "").slice(-3).join("; ");
}

async function findMirror(signal: AbortSignal): Promise<string> {
  const { stdout } = await runProcess("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"], { signal });
  return stdout.split("\n").find((line) => /\/debian\/?$/.test(line)) ?? usualMirror;
}

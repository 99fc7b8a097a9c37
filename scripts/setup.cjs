// First step of `npm start` and `npm test`, on whatever Node the machine has (18 or newer), without dependencies:
// installs the npm packages from the lockfile when they are missing or stale, installs Podman and the library that the
// pinned Node needs when they are missing and this user may, and hands over to scripts/<name>.ts on the Node that the
// lockfile pins. Says nothing when all is there.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");
const pinnedNode = path.join(root, "node_modules", ".bin", "node");

/** What the engine of demo and tests needs: any of the programs, and the Debian package that brings the first. */
const systemTools = [
  { programs: ["podman"], package: "podman" },
  { programs: ["conmon"], package: "conmon" },
  { programs: ["runc", "crun"], package: "runc" },
  { programs: ["netavark"], package: "netavark" },
  { programs: ["aardvark-dns"], package: "aardvark-dns" },
  { programs: ["catatonit"], package: "catatonit" },
  { programs: ["busybox"], package: "busybox-static" },
  { programs: ["iptables"], package: "iptables" },
  { programs: ["nft"], package: "nftables" },
  { programs: ["ip"], package: "iproute2" },
  { programs: ["fuse-overlayfs"], package: "fuse-overlayfs" },
];
/** The registry that tests pull from, what makes archives and certificates for them, and what lets a user pass a folder. */
const testTools = [
  { programs: ["docker-registry"], package: "docker-registry" },
  { programs: ["skopeo"], package: "skopeo" },
  { programs: ["openssl"], package: "openssl" },
  { programs: ["setfacl"], package: "acl" },
];
/** What fetches the Podman of other releases. */
const matrixTools = [{ programs: ["mmdebstrap"], package: "mmdebstrap" }];
/** The pinned Node is linked to it, and so is the plugin. */
const nodeLibrary = { file: "libatomic.so.1", package: "libatomic1" };
const libraryFolders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"];
const rootlessTools = [
  { programs: ["newuidmap"], package: "uidmap" },
  { programs: ["slirp4netns"], package: "slirp4netns" },
];
const commonFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const toolFolders = [...commonFolders, "/usr/lib/podman", "/usr/libexec/podman"];

main(process.argv[2], process.argv.slice(3));

function main(name, args) {
  try {
    installNpmPackages();
    installSystemPackages(name);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  handOver(path.join(root, "scripts", `${name}.ts`), args[0] === "--" ? args.slice(1) : args);
}

function installNpmPackages() {
  if (hasNpmPackages()) return;
  process.stderr.write("Installing the npm packages of the lockfile, about 460 MB on disk (once) …\n");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  // `npm ci` insists on entries for every other platform's optional packages, which registries do not all have.
  // This installs the locked versions as well, and the check below is as strict.
  const result = spawnSync(npm[0], [...npm.slice(1), "install", "--no-save", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) throw new Error("`npm install` failed, see above. Without the npm packages nothing here can run.");
  if (!fs.existsSync(pinnedNode)) {
    throw new Error(`No pinned Node for ${process.platform}-${process.arch}: linux-x64 and linux-arm64 are supported.`);
  }
  if (!hasNpmPackages()) throw new Error("The npm packages are not those of package-lock.json. Is it in step with package.json?");
}

/** npm notes what it installed in node_modules/.package-lock.json, and does so last. */
function hasNpmPackages() {
  const wanted = readPackages("package-lock.json");
  const installed = readPackages("node_modules/.package-lock.json");
  if (wanted === undefined || installed === undefined || !fs.existsSync(pinnedNode)) return false;
  return Object.keys(wanted).every((key) => {
    if (!key.includes("node_modules/")) return true;
    // The packages of this repository, to which one may have been added.
    if (wanted[key].link) return fs.existsSync(path.join(root, key));
    if (installed[key] === undefined) return wanted[key].optional === true;
    return installed[key].version === wanted[key].version && installed[key].integrity === wanted[key].integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** A build runs no containers. */
function installSystemPackages(name) {
  const isRoot = process.getuid() === 0;
  const engineTools = isRoot ? systemTools : [...systemTools, ...rootlessTools];
  // Root's tests have an ordinary user's engine too, and another release's.
  const more = { test: [...testTools, ...(isRoot ? [...rootlessTools, ...matrixTools] : [])], "test-matrix": matrixTools }[name] || [];
  const tools = name === "build" ? [] : [...engineTools, ...more];
  const missing = tools.filter((tool) => !tool.programs.some(hasProgram));
  if (!libraryFolders.some((folder) => fs.existsSync(path.join(folder, nodeLibrary.file)))) missing.push(nodeLibrary);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => tool.package);
  const manual = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  if (!isRoot) throw new Error(`Not installed here: ${packages.join(", ")}. Have them installed: sudo ${manual}`);
  if (!hasProgram("apt-get")) throw new Error(`Not installed here, and no apt-get to install them: ${packages.join(", ")}.`);
  process.stderr.write(`Installing with apt-get, which is missing here: ${packages.join(" ")} …\n`);
  const log = runApt(packages);
  if (log !== "") throw new Error(`${log}\napt-get could not install them. By hand: ${manual}`);
}

/** Returns "" or the end of what apt-get printed. No service is started, nothing is removed. */
function runApt(packages) {
  const releaseServices = holdServices();
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const quiet = ["-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"];
    spawnSync("apt-get", [...quiet, "update"], { env, stdio: ["ignore", "ignore", 2] });
    const args = [...quiet, "install", "--yes", "--no-remove", "--no-install-recommends", ...packages];
    const result = spawnSync("apt-get", args, { env, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", maxBuffer: 1 << 26 });
    if (result.status !== 0) return `${result.stdout}${result.stderr}`.trim().split("\n").slice(-8).join("\n");
    if (packages.includes("podman")) disablePodmanUnits();
    return "";
  } finally {
    releaseServices();
  }
}

/** Debian asks /usr/sbin/policy-rc.d before a package starts a service. */
function holdServices() {
  const policy = "/usr/sbin/policy-rc.d";
  if (fs.existsSync(policy)) return () => undefined;
  fs.writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return () => fs.rmSync(policy, { force: true });
}

/** The package enables a socket for root and timers that nobody asked for. */
function disablePodmanUnits() {
  const listed = spawnSync("dpkg", ["--listfiles", "podman"], { encoding: "utf8" }).stdout || "";
  const units = listed.split("\n").filter((file) => /\/systemd\/(system|user)\/[^/@]+\.(service|socket|timer)$/.test(file));
  for (const scope of ["system", "user"]) {
    const names = units.filter((file) => file.includes(`/systemd/${scope}/`)).map((file) => path.basename(file));
    const args = scope === "user" ? ["--global", "disable", ...names] : ["disable", ...names];
    if (names.length > 0 && hasProgram("systemctl")) spawnSync("systemctl", args, { stdio: "ignore" });
  }
}

function hasProgram(name) {
  const folders = [...(process.env.PATH || "").split(path.delimiter), ...toolFolders];
  return folders.some((folder) => folder !== "" && fs.existsSync(path.join(folder, name)));
}

/**
 * Runs the script in a session of its own: Ctrl-C reaches it once, through here, though the terminal and npm both send it.
 * Should this process be killed, the kernel tells the script to end.
 */
function handOver(script, args) {
  const command = [pinnedNode, "--disable-warning=ExperimentalWarning", script, ...args];
  const options = { cwd: process.env.INIT_CWD || root, stdio: ["ignore", 1, 2], detached: true };
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...command], options);
  let lastSignalMs = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      const nowMs = Date.now();
      if (nowMs - lastSignalMs > 250) child.kill(signal);
      lastSignalMs = nowMs;
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`${command.join(" ")} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? 128 + (require("node:os").constants.signals[signal] || 0) : code;
  });
}

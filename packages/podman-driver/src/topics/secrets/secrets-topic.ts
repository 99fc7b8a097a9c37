import type { SecretSpec } from "@driver/libpod";
import { attr, blockList } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";
import { isAtLeast, type EngineFacts } from "../../engine/engine-facts.ts";
import { blame, type Suspect } from "../blame.ts";
import { topic } from "../topic.ts";
import { refuseBefore } from "../refuse-before.ts";

/** Without a mode only root could read the file (podman 4.3 to 6.1); this is what Podman's command line asks for. */
const defaultMode = 0o444;
/** The kernel keeps the one above for: none. */
const highestId = 2 ** 32 - 2;

interface SecretOptions {
  readonly name: string;
  readonly target?: string | undefined;
  readonly env?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly mode?: string | undefined;
}

/** Where one of Podman's secrets is to be seen by the task. */
type WantedSecret =
  | { readonly kind: "file"; readonly file: SecretSpec }
  | { readonly kind: "env"; readonly name: string; readonly variable: string };

/** Podman's own secrets, as files or variables. Podman copies a file's content when the container is created. */
export const secretsTopic = topic({
  fields: {
    secrets: blockList(
      {
        name: attr.string({ required: true, help: "Name or id of the secret in Podman." }),
        target: attr.string({
          needs: "3.4.3",
          help: "File in the container; below /run/secrets where it is not absolute; not set: the secret's name.",
        }),
        env: attr.string({ help: "Environment variable that gets the secret, instead of a file." }),
        uid: attr.number({ format: "uint64", help: "Owner of the file; default 0." }),
        gid: attr.number({ format: "uint64", help: "Group of the file; default 0." }),
        mode: attr.string({ help: "Mode of the file in octal digits; default 0444." }),
      },
      { needs: "3.3", help: "Podman's secrets, one a block, as a file or an environment variable." },
    ),
  },
  want: ({ secrets }, { report }) => {
    const wanted = secrets.map((secret, index) => toSecret(secret, `secrets[${index}]`, report));
    refuseDoubles(wanted, report);
    refuseTwoOwners(wanted, report);
    return wanted;
  },
  plan: (wanted, { facts, report }) => {
    checkEngine(wanted, facts, report);
    const files = wanted.flatMap((secret) => (secret.kind === "file" ? [secret.file] : []));
    const variables = wanted.flatMap((secret) => (secret.kind === "env" ? [[secret.variable, secret.name] as const] : []));
    return {
      spec: {
        ...(files.length > 0 && { secrets: files }),
        ...(variables.length > 0 && { secret_env: Object.fromEntries(variables) }),
      },
      explain: (podmanText) => blame(podmanText, wanted.map(toSuspect)),
    };
  },
});

/** An older Podman drops without a word what it does not know: 3.0 all of it, 3.2 owners and modes, 3.4.2 the place. */
function checkEngine(wanted: readonly WantedSecret[], facts: EngineFacts, report: Report): void {
  const otherwise = "which would drop it without a word";
  for (const [index, secret] of wanted.entries()) {
    const key = `secrets[${index}]`;
    if (!isAtLeast(facts, [3, 3])) refuseBefore({ key, since: [3, 3], otherwise }, { facts, report });
    else if (secret.kind === "file" && secret.file.Target !== undefined) {
      refuseBefore({ key: `${key}.target`, since: [3, 4, 3], otherwise }, { facts, report });
    }
  }
}

/** Podman tells the name alone. */
function toSuspect(secret: WantedSecret, index: number): Suspect {
  const name = secret.kind === "env" ? secret.name : secret.file.Source;
  const words = { test: (text: string) => text.includes(`no secret with name or id ${JSON.stringify(name)}`) };
  return { words, key: `secrets[${index}].name`, value: name, want: "which must be one that podman secret ls shows" };
}

function toSecret({ name, target, env, uid = 0, gid = 0, mode }: SecretOptions, key: string, report: Report): WantedSecret {
  for (const [part, id] of Object.entries({ uid, gid })) {
    if (id > highestId) {
      report.refuse({ key: `${key}.${part}`, value: id, problem: "is no id", remedy: `at most ${highestId} would be right` });
    }
  }
  if (env === undefined) {
    const file = { Source: name, Target: toTarget(target, key, report), UID: uid, GID: gid, Mode: toMode(mode, key, report) };
    return { kind: "file", file };
  }
  const ofFiles = [target, mode].some((value) => value !== undefined) || uid !== 0 || gid !== 0;
  if (ofFiles) report.refuse({ key, problem: "sets env beside keys of a file", remedy: "remove env, or else target, uid, gid and mode" });
  if (/[=\0]/.test(env)) {
    report.refuse({ key: `${key}.env`, value: env, problem: "is no name of a variable", remedy: "write one without =" });
  }
  return { kind: "env", name, variable: env };
}

function toTarget(target: string | undefined, key: string, report: Report): string | undefined {
  if (target?.split("/").includes("..") === true) {
    report.refuse({
      key: `${key}.target`,
      value: target,
      problem: "leads out of its folder",
      remedy: "write it without .., from the root or below /run/secrets",
    });
  }
  return target;
}

function toMode(mode: string | undefined, key: string, report: Report): number {
  if (mode === undefined) return defaultMode;
  if (/^0*[0-7]{1,4}$/.test(mode)) return Number.parseInt(mode, 8);
  report.refuse({ key: `${key}.mode`, value: mode, problem: "is no file mode", remedy: "write octal digits, e.g. 0400" });
  return defaultMode;
}

/** Podman lets one of two with the same name win without a word. */
function refuseDoubles(wanted: readonly WantedSecret[], report: Report): void {
  const places = wanted.map((secret) => (secret.kind === "env" ? `variable ${secret.variable}` : `file ${toPath(secret.file)}`));
  for (const [index, place] of places.entries()) {
    if (places.indexOf(place) < index) {
      report.refuse({ key: `secrets[${index}]`, problem: `is the second for the ${place}`, remedy: "give each a place of its own" });
    }
  }
}

/** Podman keeps one file of a secret for a container, and gives it the last block's owner and mode (podman 4.3). */
function refuseTwoOwners(wanted: readonly WantedSecret[], report: Report): void {
  const files = wanted.map((secret) => (secret.kind === "file" ? secret.file : undefined));
  for (const [index, file] of files.entries()) {
    const before = files.slice(0, index).find((one) => one !== undefined && one.Source === file?.Source);
    if (file === undefined || before === undefined) continue;
    if (file.UID === before.UID && file.GID === before.GID && file.Mode === before.Mode) continue;
    const problem = `gives the secret "${file.Source}" a second owner or mode, and Podman keeps one for all its files`;
    report.refuse({ key: `secrets[${index}]`, problem, remedy: "use the same uid, gid and mode, or make a second secret" });
  }
}

function toPath({ Source: name, Target: target = name }: SecretSpec): string {
  return target.startsWith("/") ? target : `/run/secrets/${target}`;
}

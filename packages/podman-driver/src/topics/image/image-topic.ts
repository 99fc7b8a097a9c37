import { attr, block } from "@driver/nomad-plugin";
import { parseLimitMs } from "../../config/image-settings.ts";
import { parseRegistryKey } from "../../config/registry-key.ts";
import type { TaskLogin } from "../../image/auth/find-credentials.ts";
import { pullPolicies, type ImagePullPolicy } from "../../image/image-need.ts";
import { parseImage, parseLoad, toShownUrl, type ImageSource } from "../../config/image-reference.ts";
import { toPlatform } from "../../image/platform.ts";
import { whereTo } from "../met.ts";
import type { Report } from "../../config/report.ts";
import { topic } from "../topic.ts";
import type { Wish } from "../wish.ts";

const authFields = {
  username: attr.string({ help: "User name at the registry." }),
  password: attr.string({ secret: true, help: "Password or token at the registry." }),
  server_address: attr.string({ help: "The registry that the login is for; default: the one the image comes from." }),
  email: attr.string({ unused: "registries ask for none", help: "Docker's key, which has no effect there either." }),
  tls_verify: attr.bool({ help: "Check the registry's certificate; not set: as the host's registries.conf says." }),
};

const noSource: ImageSource = { kind: "registry", reference: "", isLocal: false };

/** Which image, how it is pulled, and by which Podman service. */
export const imageTopic = topic({
  fields: {
    image: attr.string({
      required: true,
      only: "names, docker://name, oci-archive:, docker-archive:, rootfs:",
      help: "Image: a name, docker://name, oci-archive:path, docker-archive:path (or an http address), or rootfs:folder.",
    }),
    load: attr.string({ help: "Archive below the task's local/ that the image is loaded from, as with Nomad's Docker driver." }),
    image_checksum: attr.string({ help: "sha256:… of the archive; one with another content is not loaded." }),
    auth: block(authFields, { help: "Registry credentials of this task." }),
    auth_soft_fail: attr.bool({ default: false, help: "Pull without credentials when those of the plugin's config cannot be had." }),
    image_pull_timeout: attr.string({ help: "Longest time a pull may take; 0: no limit; default: the plugin's image_pull_timeout." }),
    image_pull_policy: attr.string({
      oneOf: pullPolicies,
      help: "When the registry is asked: always, missing, newer or never; default: missing.",
    }),
    force_pull: attr.bool({ default: false, help: 'Pull although the image is present; the same as image_pull_policy = "always".' }),
    arch: attr.string({ help: "Architecture of the image, e.g. arm64; not set: the host's." }),
    os: attr.string({ help: "Operating system of the image; not set: linux." }),
    variant: attr.string({ help: "Variant of the architecture, e.g. v8." }),
    socket: attr.string({
      default: "default",
      help: "Name of the plugin's socket block whose Podman service runs the task; where none is called default, that is the first.",
    }),
  },
  want: (options, { task, report, settings, wish }) => {
    const { image, load, auth, auth_soft_fail: skipsFailingAuth, image_pull_timeout: timeout, socket } = options;
    const folders = { allocDir: task.allocDir, taskName: task.name };
    const source = report.attempt(
      "image",
      noSource,
      () => (load === undefined ? parseImage(image, folders) : parseLoad(load, image, folders)),
    );
    wish({ kind: "socket", key: "socket", name: socket });
    const site = { key: load === undefined ? "image" : "load", value: load ?? image };
    for (const wanted of toWishes(source, site)) wish(wanted);
    return {
      /** As the job has it, for messages. */
      name: image,
      source,
      checksum: wantChecksum(options.image_checksum, source, report),
      policy: wantPolicy(options.image_pull_policy, options.force_pull, report),
      platform: toPlatform(options),
      login: wantLogin(auth, report),
      tlsVerify: auth?.tls_verify,
      skipsFailingAuth,
      pullTimeoutMs: timeout === undefined
        ? settings.images.pullTimeoutMs
        : report.attempt("image_pull_timeout", 0, () => parseLimitMs(timeout, "image_pull_timeout")),
      socket,
    };
  },
  plan: ({ source, checksum, policy, platform, login, tlsVerify, skipsFailingAuth, pullTimeoutMs }) => {
    if (source.kind === "rootfs") {
      return {
        spec: source.isOverlay ? { rootfs_overlay: true } : {},
        given: (met) => ({ rootfs: whereTo(source.path, met) }),
        // Of the folders of an overlay the table of mounts says nothing.
        binds: source.isOverlay ? [] : [{ source: source.path, destination: "/" }],
      };
    }
    return {
      given: ({ image }) => (image === undefined ? {} : { image }),
      needs: [{ kind: "image", source, checksum, policy, platform, login, tlsVerify, skipsFailingAuth, pullTimeoutMs }],
    };
  },
});

/** What an operator may forbid of where an image comes from. An archive in the task's folder is held there when it is opened. */
function toWishes(source: ImageSource, site: { readonly key: string; readonly value: string }): readonly Wish[] {
  if (source.kind === "registry") return [];
  if (source.kind === "rootfs") {
    return [{ kind: "bind", ...site, hostPath: source.path, isInside: source.within !== undefined, isLoose: source.isOverlay }];
  }
  if (source.at === "address") return [{ kind: "image-url", key: site.key, url: toShownUrl(new URL(source.place).href) }];
  return source.within === undefined ? [{ kind: "bind", ...site, hostPath: source.place }] : [];
}

function wantChecksum(checksum: string | undefined, source: ImageSource, report: Report): string | undefined {
  if (checksum === undefined) return undefined;
  const refuse = (problem: string, remedy: string): void => report.refuse({ key: "image_checksum", value: checksum, problem, remedy });
  if (!/^sha256:[0-9a-f]{64}$/.test(checksum)) {
    refuse("is no checksum", "write sha256: and 64 hexadecimal digits, as sha256sum prints them");
  }
  else if (source.kind !== "archive") refuse("is for archives alone", "write a digest behind the image's name instead: name@sha256:…");
  return checksum;
}

function wantPolicy(policy: ImagePullPolicy | undefined, isForced: boolean, report: Report): ImagePullPolicy {
  if (isForced && policy !== undefined && policy !== "always") {
    report.refuse({
      key: "image_pull_policy",
      value: policy,
      problem: "and force_pull = true exclude each other",
      remedy: "remove one of them",
    });
  }
  return policy ?? (isForced ? "always" : "missing");
}

interface AuthOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly server_address?: string | undefined;
}

/** A block without user name and password says nothing of a login, as with the Go driver. */
function wantLogin(auth: AuthOptions | undefined, report: Report): TaskLogin | undefined {
  const { username = "", password = "", server_address: address } = auth ?? {};
  const server = address === undefined ? undefined : parseRegistryKey(address);
  if (address !== undefined && server === undefined) {
    report.refuse({
      key: "auth.server_address",
      value: address,
      problem: "is no registry",
      remedy: "write its name and port, e.g. registry.example.com:5000",
    });
  }
  return username === "" && password === "" ? undefined : { username, password, server };
}

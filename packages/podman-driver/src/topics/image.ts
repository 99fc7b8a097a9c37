import { attr, block } from "@driver/nomad-plugin";
import { parseDurationMs } from "../config/parse-duration.ts";
import { toPullReference } from "../image/image-reference.ts";
import { toTimerMs } from "../to-timer-ms.ts";
import { topic } from "./topic.ts";

/** Which image, how it is pulled, and by which Podman service. */
export const imageTopic = topic({
  fields: {
    image: attr.string({ required: true, only: "names, docker://name", help: "Image: a name, docker://name, oci-archive:path or docker-archive:path." }),
    auth: block(
      {
        username: attr.string({ help: "User name at the registry." }),
        password: attr.string({ secret: true, help: "Password or token at the registry." }),
        tls_verify: attr.bool({ help: "Check the registry's certificate; not set: as the host's registries.conf says." }),
      },
      { notYet: true, help: "Registry credentials of this task." },
    ),
    auth_soft_fail: attr.bool({ default: false, notYet: true, help: "Pull without credentials when none can be found." }),
    image_pull_timeout: attr.string({ default: "5m", help: "Longest time a pull may take." }),
    force_pull: attr.bool({ default: false, help: "Pull although the image is present." }),
    arch: attr.string({ notYet: true, help: "Architecture of the image, e.g. arm64." }),
    os: attr.string({ notYet: true, help: "Operating system of the image." }),
    variant: attr.string({ notYet: true, help: "Variant of the architecture, e.g. v8." }),
    socket: attr.string({ default: "default", help: "Name of the Podman service that runs the task." }),
  },
  want: ({ image, force_pull: forcePull, image_pull_timeout: pullTimeout, socket }, { report, wish }) => {
    wish({ kind: "socket", key: "socket", name: socket });
    return {
      reference: report.attempt("image", "", () => toPullReference(image)),
      forcePull,
      pullTimeoutMs: report.attempt("image_pull_timeout", 0, () => toTimerMs(parseDurationMs(pullTimeout, "image_pull_timeout"))),
      socket,
    };
  },
  plan: ({ reference, forcePull, pullTimeoutMs }) => ({ needs: [{ kind: "image", reference, forcePull, pullTimeoutMs }] }),
});

import { attr, block } from "@driver/nomad-plugin";

/** Which image, and how it is pulled. */
export const imageFields = {
  image: attr.string({ required: true, help: "Image: a name, docker://name, oci-archive:path or docker-archive:path." }),
  auth: block(
    {
      username: attr.string({ help: "User name at the registry." }),
      password: attr.string({ secret: true, help: "Password or token at the registry." }),
      tls_verify: attr.bool({ help: "Check the registry's certificate; not set: as the host's registries.conf says." }),
    },
    { help: "Registry credentials of this task." },
  ),
  auth_soft_fail: attr.bool({ default: false, help: "Pull without credentials when none can be found." }),
  image_pull_timeout: attr.string({ default: "5m", help: "Longest time a pull may take." }),
  force_pull: attr.bool({ default: false, help: "Pull although the image is present." }),
  arch: attr.string({ help: "Architecture of the image, e.g. arm64." }),
  os: attr.string({ help: "Operating system of the image." }),
  variant: attr.string({ help: "Variant of the architecture, e.g. v8." }),
  socket: attr.string({ default: "default", help: "Name of the Podman service that runs the task." }),
};

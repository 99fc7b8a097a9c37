import { attr, mapAttr } from "@driver/nomad-plugin";
import { oneSpelling } from "../../config/one-spelling.ts";
import { topic, type Given, type PlanContext } from "../topic.ts";
import { refuseBefore } from "../refuse-before.ts";

/** Which program makes a container of the image, and what it is told beyond Podman's own words. */
export const runtimeTopic = topic({
  fields: {
    runtime: attr.string({
      needs: "another than the service's own: 6.0",
      help: "OCI runtime by its name in containers.conf, such as crun, runc or kata; not set: the service's own.",
    }),
    oci_runtime: attr.string({ needs: "another than the service's own: 6.0", help: "Podman's word for runtime." }),
    annotations: mapAttr("string", { help: "Annotations of the container, for OCI runtimes and hooks." }),
  },
  want: ({ runtime, oci_runtime: ociRuntime, annotations }, given) => {
    const chosen = oneSpelling(
      [
        { key: "runtime", value: runtime },
        { key: "oci_runtime", value: ociRuntime },
      ],
      given.report,
    );
    if (chosen !== undefined) given.wish({ kind: "runtime", key: chosen.key, name: chosen.value });
    checkAnnotations(Object.keys(annotations), given);
    return { runtime: chosen, annotations };
  },
  plan: ({ runtime, annotations }, context) => {
    if (runtime !== undefined) checkRuntime(runtime, context);
    return {
      spec: { ...(runtime !== undefined && { oci_runtime: runtime.value }), ...(Object.keys(annotations).length > 0 && { annotations }) },
      isVerified: runtime !== undefined,
    };
  },
  verify: ({ runtime }, { ociRuntime }) =>
    runtime === undefined || runtime.value === ociRuntime
      ? []
      : [{ key: runtime.key, wanted: `the OCI runtime ${runtime.value}`, got: `a container of ${ociRuntime}`, isFatal: true }],
});

/** Podman up to 5.8 takes the service's own runtime, whatever a container asks for. */
function checkRuntime({ key, value }: { readonly key: string; readonly value: string }, { facts, report }: PlanContext): void {
  if (value.includes("/")) {
    report.refuse({
      key,
      value,
      problem: "is a path, and Podman takes names alone",
      remedy: "name it in [engine.runtimes] of containers.conf",
    });
  } else if (facts.ociRuntime !== "" && facts.ociRuntime !== value) {
    const otherwise = `which has ${facts.ociRuntime} run every container`;
    const remedy = "remove it, or name a socket whose service has this runtime";
    refuseBefore({ key, value, since: [6, 0], otherwise, remedy }, { facts, report });
  }
}

/** Podman's own notes about a container. */
const ownPrefixes = ["io.podman.annotations.", "io.container.manager"];

function checkAnnotations(names: readonly string[], { report, wish }: Pick<Given, "report" | "wish">): void {
  for (const name of names) {
    if (ownPrefixes.some((prefix) => name.startsWith(prefix))) {
      report.refuse({
        key: "annotations",
        value: name,
        problem: "is Podman's own note",
        remedy: "use the key that it stands for, such as security_opt",
      });
    } else if (name === "run.oci.keep_original_groups") {
      report.refuse({ key: "annotations", value: name, problem: "has a key of its own", remedy: 'write group_add = ["keep-groups"]' });
    } else {
      wish({ kind: "annotation", key: "annotations", name });
    }
  }
}

import type { NamespaceSpec } from "@driver/libpod";
import { attr } from "@driver/nomad-plugin";
import { blame } from "../blame.ts";
import { namespaceById } from "../met.ts";
import { oneSpelling } from "../../config/one-spelling.ts";
import { topic, type Given } from "../topic.ts";
import { toJoinSuspects, toTaskNeeds } from "./joined-namespace.ts";
import { planUserns, verifyUserns } from "./plan-userns.ts";
import { wantMode, type WantedMode } from "./want-mode.ts";
import { wantUserns, type WantedUserns } from "./want-userns.ts";

/** Which namespaces the container has of its own, the network's apart. */
export const namespacesTopic = topic({
  fields: {
    userns: attr.string({
      needs: "keep-id of root's: 5.4",
      help:
        "User namespace: host (not set: that too), auto, keep-id, nomap, private, task:name, container:name or ns:path; auto and " +
        "keep-id take options.",
    }),
    userns_mode: attr.string({ help: "Docker's word for userns." }),
    uidmap: attr.list("string", { help: 'User ids of userns = "private" as container:host:size; not set: as gidmap.' }),
    gidmap: attr.list("string", { help: 'Group ids of userns = "private" as container:host:size; not set: as uidmap.' }),
    ipc_mode: attr.string({
      help: "IPC namespace: host, private, shareable, none, task:name, container:name or ns:path; not set: one of its own.",
    }),
    pid_mode: attr.string({ help: "Process namespace: host, private, task:name, container:name or ns:path; not set: one of its own." }),
    uts_mode: attr.string({
      help: "Namespace of the host name: host, private, task:name, container:name or ns:path; not set: one of its own.",
    }),
    cgroupns: attr.string({
      help: "Cgroup namespace: host, private, task:name, container:name or ns:path; not set: host on cgroup v1, private on v2.",
    }),
  },
  want: (options, given) => ({ userns: toUserns(options, given), others: toOthers(options, given) }),
  plan: ({ userns, others }, context) => {
    const { spec: { userns: ofUsers, ...spec } = {}, needs = [], ...part } =
      userns === undefined ? {} : planUserns(userns.wanted, userns.key, context);
    const namespaces = { ...(ofUsers !== undefined && { userns: ofUsers }), ...toSpec(others) };
    const joined = others.flatMap(({ key, of, ...mode }) => toTaskNeeds({ key, what: sites[of].what }, mode));
    const suspects = toJoinSuspects([
      ...(userns === undefined || ofUsers === undefined ? [] : [{ key: userns.key, what: /user/i, spec: ofUsers }]),
      ...others.map(({ key, of, spec: one }) => ({ key, what: new RegExp(of, "i"), spec: one })),
    ]);
    return {
      ...part,
      spec,
      explain: (podmanText) => part.explain?.(podmanText) ?? blame(podmanText, suspects),
      given: (met) => Object.fromEntries(Object.entries(namespaces).map(([field, one]) => [field, namespaceById(one, met)])),
      needs: [...needs, ...joined],
    };
  },
  verify: ({ userns }, made) => (userns === undefined ? [] : verifyUserns(userns.wanted, userns.key, made)),
});

interface OtherOptions {
  readonly ipc_mode: string | undefined;
  readonly pid_mode: string | undefined;
  readonly uts_mode: string | undefined;
  readonly cgroupns: string | undefined;
}

type OtherKind = keyof typeof sites;

/** What the others are called, and where they stand in the container's spec. */
const sites = {
  ipc: { what: "IPC namespace", field: "ipcns" },
  pid: { what: "process namespace", field: "pidns" },
  uts: { what: "host name", field: "utsns" },
  cgroup: { what: "cgroup namespace", field: "cgroupns" },
} as const;

function toOthers(
  { ipc_mode: ipc, pid_mode: pid, uts_mode: uts, cgroupns: cgroup }: OtherOptions,
  given: Given,
): readonly WantedMode<OtherKind>[] {
  const plain = ["host", "private"];
  const texts = [
    { key: "ipc_mode", text: ipc, of: "ipc", words: [...plain, "shareable", "none"] },
    { key: "pid_mode", text: pid, of: "pid", words: plain },
    { key: "uts_mode", text: uts, of: "uts", words: plain },
    { key: "cgroupns", text: cgroup, of: "cgroup", words: plain },
  ] as const;
  return texts.flatMap(({ text, ...mode }) => (text === undefined ? [] : (wantMode({ text, ...mode }, given) ?? [])));
}

function toSpec(others: readonly WantedMode<OtherKind>[]): Readonly<Record<string, NamespaceSpec>> {
  return Object.fromEntries(others.map(({ of, spec }) => [sites[of].field, spec]));
}

interface UsernsOptions {
  readonly userns: string | undefined;
  readonly userns_mode: string | undefined;
  readonly uidmap: readonly string[];
  readonly gidmap: readonly string[];
}

function toUserns(
  { userns, userns_mode: usernsMode, uidmap, gidmap }: UsernsOptions,
  { task, report, wish }: Given,
): { readonly key: string; readonly wanted: WantedUserns } | undefined {
  const chosen = oneSpelling(
    [
      { key: "userns", value: userns },
      { key: "userns_mode", value: usernsMode },
    ],
    report,
  );
  if (chosen === undefined) {
    // Without a wish, what Podman gives is the host's, unless its own configuration says otherwise.
    wish({ kind: "namespace", key: "userns", of: "userns", mode: "default", alike: ["host"] });
    if (uidmap.length > 0 || gidmap.length > 0) {
      report.refuse({ key: "uidmap", problem: "and gidmap are nothing by themselves", remedy: 'set userns = "private" as well' });
    }
    return undefined;
  }
  const { key, value: text } = chosen;
  const found = wantUserns({ key, text, uidmap, gidmap }, { task, report });
  if (found === undefined) return undefined;
  wish({ kind: "namespace", key, of: "userns", mode: found.mode });
  return { key, wanted: found.wanted };
}

import { attr } from "@driver/nomad-plugin";
import { topic } from "./topic.ts";

/** Which namespaces the container has of its own, the network's apart. */
export const namespacesTopic = topic({
  fields: {
    userns: attr.string({ notYet: true, help: "User namespace: host, auto, keep-id, nomap, each with its options." }),
    ipc_mode: attr.string({ notYet: true, help: "IPC namespace: host, private, shareable, none, container:id, ns:path or task:name." }),
  },
  want: () => undefined,
  plan: () => ({}),
});

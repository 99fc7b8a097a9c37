import type { InferFields, TaskConfig } from "@driver/nomad-plugin";
import type { advertisedFields } from "./advertised.ts";
import { usedKeys, type endpointFields, type WantedEndpoint } from "./endpoints.ts";
import type { WantedNetwork } from "./network-mode.ts";

type AddressOptions = InferFields<typeof endpointFields> & InferFields<typeof advertisedFields>;

/** The keys of a task's own networks that it sets. */
export function toUnusedKeys(options: AddressOptions): readonly string[] {
  const { networks, advertise, advertise_ipv6_address: prefersIpv6 } = options;
  return [
    ...usedKeys(options),
    ...(networks.length > 0 ? ["networks"] : []),
    ...(advertise === undefined ? [] : ["advertise"]),
    ...(prefersIpv6 ? ["advertise_ipv6_address"] : []),
  ];
}

/** What a task asks of its networks that Podman would drop without a word. */
export function toEndpointNotices(
  network: WantedNetwork,
  endpoints: readonly WantedEndpoint[],
  { unusedKeys, task }: { readonly unusedKeys: readonly string[]; readonly task: TaskConfig },
): readonly string[] {
  const isNameless = endpoints.some(({ network: name, spec }) => name === "" && spec.aliases !== undefined);
  const joins = network.kind === "task" || network.kind === "container";
  return [
    ...unusedKeys.map((key) => `${key} is not used: the task joins its group's network`),
    ...(isNameless ? [namelessNotice] : []),
    ...(joins && task.dns !== undefined ? [resolverNotice] : []),
  ];
}

const namelessNotice =
  'network_aliases may have no effect: Podman\'s default network resolves no names unless it is set up to; a network of its ' +
    'own (network_mode = "name") does';
const resolverNotice = "the group's dns block is not used: the task has the resolver of the container whose network it joins";

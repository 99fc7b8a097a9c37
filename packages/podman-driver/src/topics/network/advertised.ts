import { attr } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";
import type { WantedEndpoint } from "./endpoints.ts";

/** Which of a task's addresses Nomad is told. */
export interface AdvertisedAddress {
  /** Undefined: that of Podman's default network, else of any other. */
  readonly network: string | undefined;
  /** True: its IPv6 address, where it has one. */
  readonly prefersIpv6: boolean;
}

/** The keys that say which address Nomad is told. */
export const advertisedFields = {
  advertise: attr.string({ help: "Which of the networks blocks' addresses Nomad's services get; not set: the first one's." }),
  advertise_ipv6_address: attr.bool({ default: false, help: "Tell Nomad's services the IPv6 address." }),
};

/** @param endpoints in the order in which the job writes them */
export function toAdvertised(
  { advertise, advertise_ipv6_address: prefersIpv6 }: { readonly advertise: string | undefined; readonly advertise_ipv6_address: boolean },
  endpoints: readonly WantedEndpoint[],
  report: Report,
): AdvertisedAddress {
  const names = endpoints.map(({ network }) => network).filter((name) => name !== "");
  if (advertise !== undefined && !names.includes(advertise)) {
    const remedy = names.length === 0 ? "give the task networks blocks, or remove it" : `name one of ${names.join(", ")}`;
    report.refuse({ key: "advertise", value: advertise, problem: "is no network of this task", remedy });
  }
  return { network: advertise ?? names[0], prefersIpv6 };
}

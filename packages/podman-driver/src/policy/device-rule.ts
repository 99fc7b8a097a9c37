import { forbidden, type Rule } from "./rule.ts";

/** Devices of the host by path or CDI name: `allow_devices`. What Nomad's device plugins assign is no wish of the job's. */
export const deviceRule: Rule = (wish, { policy: { allowedDevices } }) => {
  if ((wish.kind !== "device" && wish.kind !== "cdi-device") || allowedDevices.length === 0) return undefined;
  const device = wish.kind === "device" ? wish.hostPath : wish.name;
  if (allowedDevices.some((glob) => matches(glob, device))) return undefined;
  const problem = `asks for ${device}, and this client allows ${allowedDevices.join(", ")} alone`;
  return forbidden(wish, problem, "use one of these, or have the operator add it to allow_devices");
};

/** A star stands for anything within one part of a path. */
function matches(glob: string, device: string): boolean {
  const pattern = glob.split("*").map((part) => part.replace(/[^A-Za-z0-9_]/g, "\\$&"));
  return new RegExp(`^${pattern.join("[^/]*")}$`).test(device);
}

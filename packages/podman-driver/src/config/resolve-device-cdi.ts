import { DriverError } from "@driver/nomad-plugin";

/**
 * The CDI kinds by the variables that name their devices.
 * @throws DriverError `config-invalid`
 */
export function resolveDeviceCdi(kinds: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [variable, kind] of Object.entries(kinds)) {
    if (/^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*$/.test(kind)) continue;
    const problem = `${JSON.stringify(kind)} is no CDI kind; vendor/class would be right, e.g. nvidia.com/gpu`;
    throw new DriverError("config-invalid", `config key device_cdi.${variable}: ${problem}`);
  }
  return kinds;
}

/** A setting of the test run; throws with the way to get one when it is missing. */
export function testSetting(name: "TEST_PODMAN_SOCKET" | "TEST_IMAGE" | "TEST_PLUGIN" | "TEST_SCRATCH"): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new Error(`${name} is not set: run this test with "npm test -- <part of its path>"`);
}

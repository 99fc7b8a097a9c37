import assert from "node:assert/strict";
import { test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { planOf } from "../../test/plan-of.ts";

/** Words of Podman's that no engine of the tests says, and what the job's author is told behind them. */
const cases: readonly { readonly config: HclRecord; readonly words: string; readonly told: string | undefined }[] = [
  {
    config: { devices: ["vendor.com/gpu=7", "/dev/null"] },
    words: "setting CDI: unresolvable CDI devices vendor.com/gpu=7",
    told: `devices = ["vendor.com/gpu=7"], which must be names of specs in /etc/cdi or /var/run/cdi, as nvidia-ctk cdi list shows NVIDIA's`,
  },
  { config: { devices: ["/dev/null"] }, words: "unresolvable CDI devices vendor.com/gpu=7", told: undefined },
  {
    config: { logging: { driver: "journald" } },
    words: "failed to initialize journal: write unixgram",
    told: 'logging.driver = "journald", for which the host needs the socket of systemd\'s journal, /run/systemd/journal/socket',
  },
  { config: {}, words: "failed to initialize journal: write unixgram", told: undefined },
  {
    config: { oom_score_adj: -1000 },
    words: "runc create failed: unable to start container process: can't get final child's PID from pipe: EOF",
    told: "oom_score_adj = -1000, which must not be below that of the Podman service, unless that has CAP_SYS_RESOURCE",
  },
  { config: { oom_score_adj: 5 }, words: "can't get final child's PID from pipe: EOF", told: undefined },
  {
    config: { volumes: ["/etc/passwd:/etc"] },
    words: "mount `/etc/passwd` to '/etc': Not a directory: OCI runtime error",
    told: 'volumes[0] = "/etc/passwd:/etc", which cannot be mounted there',
  },
  {
    config: { security_opt: ["proc-opts=hidepid=9"] },
    words: 'error mounting "proc" to rootfs at "/proc": invalid argument',
    told: 'security_opt = "proc-opts=hidepid=9", which must be options that the kernel knows',
  },
  {
    config: { timezone: "Nowhere/City" },
    words: "running container create option: finding timezone: unknown time zone Nowhere/City",
    told: `timezone = "Nowhere/City", which must be a file below the host's /usr/share/zoneinfo`,
  },
  {
    config: { sysctl: [{ "kernel.panic": "1", "kernel.msgmax": "2" }] },
    words: "crun: the sysctl `kernel.panic` is not namespaced: OCI runtime error",
    told: 'sysctl.kernel.panic = "1", which must be a setting of',
  },
  {
    config: { sysctl: [{ "net.ipv4.ip": "1", "net.ipv4.ip_forward": "x" }] },
    words: "crun: write to `/proc/sys/net/ipv4/ip_forward`: Invalid argument: OCI runtime error",
    told: 'sysctl.net.ipv4.ip_forward = "x", which must be a setting of',
  },
  {
    config: { volumes: ["/etc/hostname:/etc/x", "/etc/passwd:/etc"] },
    words: "crun: mount `/etc/passwd` to `etc`: Not a directory: OCI runtime error",
    told: 'volumes[1] = "/etc/passwd:/etc", which cannot be mounted there',
  },
  {
    config: { security_opt: ["proc-opts=hidepid=9"] },
    words: "crun: mount `proc` to `proc`: Invalid argument: OCI runtime error",
    told: 'security_opt = "proc-opts=hidepid=9", which must be options that the kernel knows',
  },
  {
    config: { mount: [{ source: "nfs", target: "/data", volume_options: { driver_config: { options: [{ type: "nfs" }] } } }] },
    words: "mounting volume nfs for container 5e1f: mount: bad option",
    told: 'mount[0] = "nfs:/data", whose options must be such that mount(8) takes',
  },
  {
    config: { group_add: ["5"] },
    words: "looking up supplemental groups: uids and gids must be in range",
    told: `group_add = ["5"], which must be names of the image's /etc/group, or ids`,
  },
];

for (const { config, words, told } of cases) {
  test(`${JSON.stringify(config)} is ${told === undefined ? "not " : ""}blamed for: ${words}`, () => {
    const { text } = planOf({ config }).explain(words) ?? {};
    if (told === undefined) assert.equal(text, undefined);
    else assert.ok(text?.startsWith(`the task's config has ${told}`), text ?? "nothing");
  });
}

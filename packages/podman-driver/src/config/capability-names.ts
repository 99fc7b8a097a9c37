/** Every capability of Linux up to 6.18, without its CAP_ (linux: include/uapi/linux/capability.h). */
export const capabilityNames: readonly string[] = [
  "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH",
  "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN",
  "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
  "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG",
  "WAKE_ALARM",
];

/** Stands for every capability. */
export const allCapabilities = "ALL";

/** `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are one capability, and `all` is every one; undefined: there is none of that name. */
export function toCapabilityName(text: string): string | undefined {
  const name = text.toUpperCase().replace(/^CAP_/, "");
  return name === allCapabilities || capabilityNames.includes(name) ? name : undefined;
}

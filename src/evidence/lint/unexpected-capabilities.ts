import { filesOf, findingAt, mergedUsrPath, type Lint, type LintFinding } from "./lint.ts";

export const unexpectedCapabilities: Lint = {
  name: "unexpected-capabilities",
  rule: "only programs that are known for it have file capabilities",
  why: "a capability is a part of root's rights for whoever starts the program, and `ls` does not show it",
  advice: "remove it in `run:` (setcap -r), or name the path in `lints:` with the reason",
  check: ({ tree, ownerOf }) =>
    filesOf(tree).flatMap(({ path, xattrs }): readonly LintFinding[] => {
      const value = xattrs?.["security.capability"];
      if (value === undefined) return [];
      const names = capabilityNames(Buffer.from(value, "hex"));
      const known = knownPrograms.get(mergedUsrPath(path));
      const isExpected = known?.owner === ownerOf(path) && names?.every((name) => known?.capabilities.includes(name));
      return isExpected === true
        ? []
        : [findingAt(path, `has ${names?.join(", ") ?? "capabilities of an unknown form"}`)];
    }),
};

const knownPrograms = new Map<string, { readonly owner: string; readonly capabilities: readonly string[] }>([
  ["usr/bin/ping", { owner: "iputils-ping", capabilities: ["cap_net_raw"] }],
  ["usr/bin/arping", { owner: "iputils-arping", capabilities: ["cap_net_raw"] }],
  ["usr/bin/clockdiff", { owner: "iputils-clockdiff", capabilities: ["cap_net_raw"] }],
  ["usr/bin/mtr-packet", { owner: "mtr-tiny", capabilities: ["cap_net_raw"] }],
  ["usr/bin/newuidmap", { owner: "uidmap", capabilities: ["cap_setuid"] }],
  ["usr/bin/newgidmap", { owner: "uidmap", capabilities: ["cap_setgid"] }],
]);

/** The permitted and inheritable set of `struct vfs_cap_data` (linux/capability.h): a magic word, then pairs of words. Undefined where it is none. */
function capabilityNames(value: Buffer): readonly string[] | undefined {
  const revision = value.length < 4 ? 0 : value.readUInt32LE(0) >>> 24;
  const words = { 1: 1, 2: 2, 3: 2 }[revision];
  if (words === undefined || value.length < 4 + words * 8) return undefined;
  const pairs = Array.from(
    { length: words },
    (_, word) => value.readUInt32LE(4 + word * 8) | value.readUInt32LE(8 + word * 8),
  );
  const bits = pairs.flatMap((set, word) =>
    Array.from({ length: 32 }, (_, bit) => ({ isSet: (set >>> bit) & 1, number: word * 32 + bit })),
  );
  return bits.filter(({ isSet }) => isSet === 1).map(({ number }) => capabilities[number] ?? `cap_${number}`);
}

/** By number, from linux/capability.h. */
const capabilities = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin " +
  "net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time " +
  "sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon " +
  "bpf checkpoint_restore"
)
  .split(" ")
  .map((name) => `cap_${name}`);

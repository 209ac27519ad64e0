import { forbiddenCalls, seccompProfile } from "../profile/seccomp.ts";
import type { OciSpec } from "../profile/oci-spec.ts";
import type { Setting } from "./setting.ts";

/** The kernel tells that a filter is in force, not what is in it: that is checked in the configuration which runc is given. */
export function filterSettings(spec: OciSpec): Setting[] {
  const { seccomp } = spec.linux;
  const allowed = new Set(
    seccomp?.syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names),
  );
  const open =
    seccomp === undefined
      ? Object.keys(forbiddenCalls)
      : Object.keys(forbiddenCalls).filter((name) => allowed.has(name));
  const unconditionalClone = seccomp?.syscalls.some(
    ({ names, action, args }) =>
      action === "SCMP_ACT_ALLOW" && args === undefined && names.some((name) => guarded.has(name)),
  );
  return [
    { name: "seccomp default", expected: "SCMP_ACT_ERRNO", actual: seccomp?.defaultAction ?? "none" },
    {
      name: "seccomp architectures",
      expected: seccompProfile().architectures.join(", "),
      actual: seccomp?.architectures.join(", ") ?? "none",
    },
    {
      name: "seccomp forbidden calls",
      expected: "refused",
      actual: open.length === 0 ? "refused" : `allowed: ${open.join(", ")}`,
    },
    {
      name: "seccomp arguments",
      expected: "checked",
      actual: unconditionalClone === false ? "checked" : "not checked",
    },
  ];
}

/** Calls that are only allowed with certain arguments. */
const guarded = new Set(["clone", "clone3", "socket", "personality", "mknod", "mknodat"]);

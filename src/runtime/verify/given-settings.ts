import type { OciSpec } from "../profile/oci-spec.ts";
import type { InstanceSpec } from "../runtime.ts";
import type { Setting } from "./setting.ts";

/**
 * What runc is told to do last, before it executes the command. In an instance that lives it is read back from the process; a program that ends within a millisecond
 * leaves nothing to read, and must not get around its profile by that.
 */
export function givenSettings({ process }: Pick<OciSpec, "process">, spec: Pick<InstanceSpec, "user">): Setting[] {
  const { uid, gid } = process.user;
  return [
    { name: "no new privileges as given", expected: "true", actual: String(process.noNewPrivileges) },
    {
      name: "capabilities as given",
      expected: "",
      actual: [...new Set(Object.values(process.capabilities).flat())].join(" "),
    },
    { name: "user as given", expected: `${spec.user.uid}:${spec.user.gid}`, actual: `${uid}:${gid}` },
  ];
}

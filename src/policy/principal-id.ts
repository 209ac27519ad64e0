import type { Principal } from "./policy.ts";

/** As facts name somebody: `user:alice`, `workload:ci`, `instance:web-1`. */
export function principalId({ kind, name }: Pick<Principal, "kind" | "name">): string {
  return `${kind}:${name}`;
}

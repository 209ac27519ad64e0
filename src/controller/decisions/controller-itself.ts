import type { Principal } from "../../policy/policy.ts";

/** The controller where it acts of its own: it goes back to a release that works. It has the rights of a deployer, and the environment's policy says whether that is enough; on the record it is `system:controller`. */
export const controllerItself: Principal = {
  kind: "workload",
  name: "controller",
  groups: [],
  roles: ["deployer"],
};

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyFile } from "./policy.ts";

/** What Ingot ships: who may do what (in force in every decision), and what an image needs in an environment that brings no policy of its own. */
export type ShippedPolicies = {
  readonly roles: PolicyFile;
  readonly environment: PolicyFile;
  /** What a policy may speak of. */
  readonly schema: PolicyFile;
};

/** The policies and the schema beside this file, which are part of the program. */
export function readShippedPolicies(): ShippedPolicies {
  return {
    roles: { name: "roles.cedar", text: readText("roles.cedar"), scope: "everywhere" },
    environment: { name: "environment.cedar", text: readText("environment.cedar") },
    schema: { name: "schema.cedarschema", text: readText("schema.cedarschema") },
  };
}

function readText(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

/** Cases for `environment.cedar` and for the roles. */
export const shippedCasesPath = join(import.meta.dirname, "environment.cases.yaml");

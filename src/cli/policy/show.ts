import type { Command } from "commander";
import { IngotError } from "../../ground/error.ts";
import { readShippedPolicies } from "../../policy/shipped.ts";
import type { Handle } from "../command.ts";

const shown = ["environment", "roles", "schema"] as const;

/** `ingot policy show [environment|roles|schema]`: the texts that ship, to start from and to look things up in. */
export function declareShow(parent: Command, handle: Handle): void {
  parent
    .command("show")
    .description("print what ships: the policy of an environment without its own, the roles, or the schema")
    .argument("[what]", `${shown.join(", ")}`, "environment")
    .action(
      handle<object, [string]>((_, what) => {
        const name = shown.find((one) => one === what);
        if (name === undefined)
          throw new IngotError("usage", `expected one of ${shown.join(", ")}, got ${JSON.stringify(what)}`, {
            hint: "ingot policy show --help",
          });
        const { text } = readShippedPolicies()[name];
        return { json: { name, text }, text: text.trimEnd() };
      }),
    );
}

import type { Context } from "../../ground/context.ts";
import type { Transport } from "../../oci/oci.ts";
import type { Declare } from "../command.ts";
import { withStatements, type TransferOptions } from "../registry-options.ts";

/** `ingot copy FROM TO`: between the store, OCI layouts and registries. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<from>", "store:NAME, oci:FOLDER[:NAME] or docker://REGISTRY/NAME:TAG")
    .argument("<to>", "the same forms; what is not there is made")
    .option("--insecure", "speak plain HTTP; loopback registries need no option")
    .option("--no-evidence", "leave the image's statements where they are")
    .action(
      handle<TransferOptions, [string, string]>(async ({ ctx, options }, from, to) => {
        const { copyImage, parseTransport } = await import("../../oci/oci.ts");
        const places = { from: await findSource(ctx, parseTransport(from)), to: parseTransport(to) };
        const { digest, statements } = await copyImage(ctx, places, options);
        return { json: { from, to, digest, statements }, text: `${to}  ${digest}${withStatements(statements)}` };
      }),
    );
};

/** Only a source is looked up: a new name in the store is what it is written as, as it is for `ingot pull`. */
async function findSource(ctx: Context, from: Transport): Promise<Transport> {
  if (from.kind !== "store") return from;
  const { findImageName } = await import("../find-image-name.ts");
  return { kind: "store", name: await findImageName(ctx, from.name) };
}

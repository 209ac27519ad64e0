import type { Declare } from "../command.ts";
import { withStatements, type TransferOptions } from "../registry-options.ts";

/** `ingot pull REFERENCE [NAME]`: an image of a registry into the store. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<reference>", "the image: REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:…")
    .argument("[name]", "its name in the store (default: the reference)")
    .option("--insecure", "speak plain HTTP; loopback registries need no option")
    .option("--no-evidence", "leave the image's statements where they are")
    .action(
      handle<TransferOptions, [string, string | undefined]>(async ({ ctx, options }, text, given) => {
        const { copyImage } = await import("../../oci/oci.ts");
        const { parseReference, formatReference } = await import("../../oci/reference.ts");
        const reference = parseReference(text);
        const name = given ?? formatReference(reference);
        const places = { from: { kind: "registry", reference }, to: { kind: "store", name } } as const;
        const { digest, statements } = await copyImage(ctx, places, options);
        return {
          json: { name, digest, reference: formatReference(reference), statements },
          text: `${name}  ${digest}${withStatements(statements)}`,
        };
      }),
    );
};

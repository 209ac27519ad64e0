import type { Declare } from "../command.ts";
import { withStatements, type TransferOptions } from "../registry-options.ts";

/** `ingot push IMAGE [REFERENCE]`: an image of the store to a registry; without a reference to where the controller has it already, which brings the statements made since. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the store: a name or a digest")
    .argument(
      "[reference]",
      "where it goes: REGISTRY/NAME:TAG (default: where the controller of `ingot login` has it already)",
    )
    .option("--insecure", "speak plain HTTP; loopback registries need no option")
    .option("--no-evidence", "leave the image's statements where they are")
    .action(
      handle<TransferOptions, [string, string | undefined]>(async ({ ctx, options }, image, text) => {
        const { copyImage } = await import("../../oci/oci.ts");
        const { formatReference } = await import("../../oci/reference.ts");
        const { findImageName } = await import("../find-image-name.ts");
        const { findPushed, parseTarget } = await import("../find-pushed.ts");
        const name = await findImageName(ctx, image);
        const reference = text === undefined ? await findPushed(ctx, name) : parseTarget(ctx, text);
        const places = { from: { kind: "store", name }, to: { kind: "registry", reference } } as const;
        const { digest, statements } = await copyImage(ctx, places, options);
        const pushed = formatReference(reference);
        return {
          json: { image, digest, reference: pushed, statements },
          text: `${pushed}${reference.digest === undefined ? `  ${digest}` : ""}${withStatements(statements)}`,
        };
      }),
    );
};

import type { Declare } from "../command.ts";
import type { RegistryCommandOptions } from "../registry-options.ts";

/** `ingot copy FROM TO`: between the store, OCI layouts and registries. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<from>", "store:NAME, oci:FOLDER[:NAME] or docker://REGISTRY/NAME:TAG")
    .argument("<to>", "the same forms; what is not there is made")
    .option("--insecure", "speak plain HTTP; loopback registries need no option")
    .action(
      handle<RegistryCommandOptions, [string, string]>(async ({ ctx, options }, from, to) => {
        const { copyImage, parseTransport } = await import("../../oci/oci.ts");
        const { digest } = await copyImage(ctx, { from: parseTransport(from), to: parseTransport(to) }, options);
        return { json: { from, to, digest }, text: `${to}  ${digest}` };
      }),
    );
};

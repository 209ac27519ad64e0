import { openStore } from "../../oci/layout.ts";
import type { Declare } from "../command.ts";
import { formatBytes, formatTable } from "../format.ts";

/** `ingot images`: what the store holds, by name. */
export const declare: Declare = (command, handle) => {
  command.action(
    handle(async ({ ctx }) => {
      const { listImages } = await import("../../image/list-images.ts");
      const images = listImages(openStore(ctx));
      const rows = images.map((image) => [
        image.name,
        image.digest,
        String(image.layers),
        formatBytes(image.size),
        image.created ?? "",
      ]);
      const none = "the store has no images; next: ingot build";
      return {
        json: { images },
        text: rows.length === 0 ? none : formatTable(["name", "digest", "layers", "size", "created"], rows),
      };
    }),
  );
};

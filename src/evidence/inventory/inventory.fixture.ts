import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processContext, type Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import { openStore, type Layout } from "../../oci/layout.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import type { Inventory } from "./inventory.ts";
import { readInventory } from "./read-inventory.ts";

type Ender = { readonly after: (work: () => void) => void };

export type StoredImage = { readonly ctx: Context; readonly layout: Layout; readonly digest: Digest };

/** A real image of these layers, lowest first, in a store of its own. */
export function storeImage(t: Ender, layers: readonly (readonly TarEntry[])[], architecture = "amd64"): StoredImage {
  const home = mkdtempSync(join(tmpdir(), "ingot-inventory-"));
  t.after(() => rmSync(home, { recursive: true }));
  const ctx = processContext({ home });
  const layout = openStore(ctx);
  return { ctx, layout, digest: putTinyImage(layout, { layers, architecture }).digest };
}

export async function inventoryOf(t: Ender, ...layers: readonly (readonly TarEntry[])[]): Promise<Inventory> {
  const { ctx, ...image } = storeImage(t, layers);
  return readInventory(ctx, image);
}

export const file = (path: string, content: string | Buffer = path, mode = 0o644): TarEntry =>
  tarEntry({ path, content, mode });
export const link = (path: string, linkname: string): TarEntry => tarEntry({ path, type: "symlink", linkname });
export const folder = (path: string): TarEntry => tarEntry({ path, type: "directory", mode: 0o755 });

/** dpkg's database of packages, and the files that they bring; `fields` in addition to the usual ones. */
export function dpkg(
  ...packages: readonly { readonly name: string; readonly fields?: string; readonly files?: readonly string[] }[]
): readonly TarEntry[] {
  const stanzas = packages.map(
    ({ name, fields = "Version: 1.0-1" }) =>
      `Package: ${name}\nStatus: install ok installed\nMaintainer: Ann <ann@example.org>\nArchitecture: amd64\n${fields}\n`,
  );
  return [
    file("var/lib/dpkg/status", stanzas.join("\n")),
    ...packages.map(({ name, files = [] }) =>
      file(`var/lib/dpkg/info/${name}.list`, ["/.", ...files.map((path) => `/${path}`), ""].join("\n")),
    ),
  ];
}

export const bookworm: TarEntry = file(
  "etc/os-release",
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
);

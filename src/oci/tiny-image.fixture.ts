import { gzipSync } from "node:zlib";
import { canonicalJson } from "./canonical-json.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import type { Layout } from "./layout.ts";
import { mediaTypes } from "./media-types.ts";
import { tarEntry } from "./tar/tar-entry.fixture.ts";
import { writeTar } from "./tar/write.ts";
import type { TarEntry } from "./tar/entry.ts";

type TinyImage = {
  /** Content of the file `text.txt` of the one layer, unless `layers` says what there is. */
  readonly text?: string;
  readonly layers?: readonly (readonly TarEntry[])[];
  readonly architecture?: string;
  readonly command?: readonly string[];
  /** Further members of the configuration's `config`: `User`, `Labels` … */
  readonly run?: object;
};

/** Stores a whole image for tests and returns its manifest's descriptor. Real in every part, so real tools load it. */
export function putTinyImage(layout: Pick<Layout, "putBlob">, image: TinyImage = {}): Descriptor {
  const contents = image.layers ?? [[tarEntry({ path: "text.txt", content: image.text ?? "" })]];
  const tars = contents.map((entries) => writeTar(entries));
  const config = canonicalJson({
    architecture: image.architecture ?? "amd64",
    os: "linux",
    config: { Cmd: image.command ?? ["/bin/true"], Env: ["PATH=/bin"], WorkingDir: "/", ...image.run },
    rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) },
    history: tars.map(() => ({ created: "2026-01-01T00:00:00Z", created_by: "test" })),
    created: "2026-01-01T00:00:00Z",
  });
  const manifest = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config: put(layout, config, mediaTypes.imageConfig),
    layers: tars.map((tar) => put(layout, gzipSync(tar), mediaTypes.layerGzip)),
  });
  return put(layout, manifest, mediaTypes.imageManifest);
}

function put(layout: Pick<Layout, "putBlob">, content: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: layout.putBlob(content), size: content.length };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "./canonical-json.ts";
import { digestOf } from "./digest.ts";
import { parseImageConfig } from "./image-config.ts";
import { parseManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";

const blob = (mediaType: string) => ({ mediaType, digest: digestOf(mediaType), size: 3 });
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.imageManifest,
  config: blob(mediaTypes.imageConfig),
  layers: [blob(mediaTypes.layerGzip)],
};
const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [blob(mediaTypes.imageManifest)] };

const parse = (document: object, mediaType: string) => parseManifest(canonicalJson(document), mediaType);

test("manifests and indexes are read, Docker's too, and members that are not known are kept", () => {
  assert.equal(parse(manifest, mediaTypes.imageManifest).kind, "manifest");
  assert.equal(parse(index, mediaTypes.imageIndex).kind, "index");
  const docker = { ...manifest, mediaType: mediaTypes.dockerManifest, extra: { deep: 1 } };
  const parsed = parse(docker, mediaTypes.dockerManifest);
  assert.ok(parsed.kind === "manifest");
  assert.deepEqual(canonicalJson(parsed.manifest), canonicalJson(docker));
});

test("a document that is a manifest and an index at once is refused", () => {
  const both = { ...manifest, ...index };
  for (const mediaType of [mediaTypes.imageManifest, mediaTypes.imageIndex]) {
    assert.throws(() => parse({ ...both, mediaType }, mediaType), { code: "manifest-malformed" });
  }
  const { config, layers } = manifest;
  for (const extra of [{ config }, { layers }]) {
    assert.throws(() => parse({ ...index, ...extra }, mediaTypes.imageIndex), { code: "manifest-malformed" });
  }
});

test("a document that is served as another type than it says is refused", () => {
  assert.throws(() => parse(manifest, mediaTypes.dockerManifest), {
    code: "manifest-malformed",
    message: /was served as/,
  });
  assert.throws(() => parse(manifest, mediaTypes.imageIndex), { code: "manifest-malformed" });
  assert.throws(() => parse(manifest, "text/html"), { code: "manifest-unsupported" });
});

test("every wrong field is named", () => {
  const wrong = { ...manifest, config: { ...manifest.config, digest: "sha256:../../etc/passwd", size: -1 } };
  assert.throws(
    () => parse(wrong, mediaTypes.imageManifest),
    (error: Error & { details: string[] }) => {
      assert.deepEqual(
        error.details.map((line) => line.split(":")[0]),
        ["config.digest", "config.size"],
      );
      return true;
    },
  );
  assert.throws(() => parseManifest("{", mediaTypes.imageManifest), {
    code: "manifest-malformed",
    message: /not JSON/,
  });
});

test("null in a configuration means absent", () => {
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Entrypoint: null, Cmd: ["sh"], Labels: null },
    rootfs: { type: "layers", diff_ids: [] },
  };
  assert.deepEqual(parseImageConfig(canonicalJson(config)).config, { Cmd: ["sh"] });
});

test("canonical JSON sorts keys at every depth and keeps the order of lists", () => {
  assert.equal(
    String(canonicalJson({ b: [{ d: 1, c: 2 }, 0], a: undefined, "": null })),
    '{"":null,"b":[{"c":2,"d":1},0]}',
  );
});

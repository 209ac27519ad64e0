import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../ground/error.ts";
import { parseImageConfig, type ImageConfig } from "../oci/image-config.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { parseAccounts } from "./accounts.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { imageAnnotations, imageConfig, scratchConfig, type InheritedConfig } from "./image-config.ts";
import { definitionOf } from "./image.fixture.ts";

const accounts = parseAccounts("root:x:0:0::/:\nwww-data:x:33:33::/:\n", "root:x:0:\nwww-data:x:33:\n");

function layer(title: string): LayerBlob {
  const digest = `sha256:${Buffer.from(title).toString("hex").padEnd(64, "0")}` as LayerBlob["digest"];
  return { digest, diffId: digest, size: 1, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", title };
}

type Case = {
  readonly inherited?: Partial<InheritedConfig>;
  readonly layers?: readonly LayerBlob[];
  readonly inheritedLayers?: number;
};

/** Through JSON and the schema of the OCI room: what is written is what every engine reads. */
function configOf(
  definition: Partial<ImageDefinition>,
  { inherited = {}, layers = [], inheritedLayers = 0 }: Case = {},
): ImageConfig {
  const config = imageConfig({
    definition: definitionOf(definition),
    accounts,
    inherited: { ...scratchConfig, ...inherited },
    layers,
    inheritedLayers,
    architecture: "amd64",
    epoch: 1_767_225_600,
  });
  return parseImageConfig(JSON.stringify(config));
}

test("an image from scratch has Debian's path, the epoch as its date, and no user or command that nobody asked for", () => {
  const config = configOf({});
  assert.equal(config.created, "2026-01-01T00:00:00Z");
  assert.deepEqual(config.config, {
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    Labels: { "dev.ingot.writable": "[]" },
  });
});

test("environment: own values replace inherited ones in their place, new ones come last", () => {
  const inherited = { environment: ["PATH=/bin", "MODE=base=1", "KEPT=yes"] };
  const { config } = configOf({ environment: { MODE: "own", NEW: "a=b" } }, { inherited });
  assert.deepEqual(config?.Env, ["PATH=/bin", "MODE=own", "KEPT=yes", "NEW=a=b"]);
});

test("a command of one's own is the whole command line: an inherited entrypoint goes", () => {
  const inherited = { entrypoint: ["/entry"], command: ["old"] };
  const own = configOf({ command: ["nginx"] }, { inherited }).config;
  assert.deepEqual([own?.Entrypoint, own?.Cmd], [undefined, ["nginx"]]);
  const kept = configOf({}, { inherited }).config;
  assert.deepEqual([kept?.Entrypoint, kept?.Cmd], [["/entry"], ["old"]]);
});

test("a user is written as numbers, whatever was inherited", () => {
  assert.equal(configOf({ user: "www-data" }, { inherited: { user: "nobody" } }).config?.User, "33:33");
  assert.equal(configOf({}, { inherited: { user: "nobody" } }).config?.User, "nobody");
});

test("a user may be written with a group of its own", () => {
  assert.equal(configOf({ user: "www-data:0" }).config?.User, "33:0");
  assert.equal(configOf({ user: "1000:2000" }).config?.User, "1000:2000");
});

test("a user that the image does not have is refused, not written", () => {
  assert.throws(
    () => configOf({ user: "www-date" }),
    (error) => error instanceof IngotError && error.code === "account-unknown",
  );
});

test("a port replaces the inherited ones, a working folder too; labels are added", () => {
  const inherited = { ports: ["80/tcp"], workdir: "/old", labels: { a: "1", b: "1" } };
  const own = configOf({ port: 8080, workdir: "/srv", labels: { b: "2" } }, { inherited }).config;
  assert.deepEqual(own?.ExposedPorts, { "8080/tcp": {} });
  assert.equal(own?.WorkingDir, "/srv");
  assert.deepEqual(own?.Labels, { a: "1", b: "2", "dev.ingot.writable": "[]" });
  assert.deepEqual(configOf({}, { inherited }).config?.ExposedPorts, { "80/tcp": {} });
});

test("writable folders go in a label; an image that names none keeps those of its base", () => {
  const { config } = configOf({ writable: [{ path: "/run", size: 1_048_576 }] });
  const label = config?.Labels?.["dev.ingot.writable"];
  assert.deepEqual(JSON.parse(label ?? ""), [{ path: "/run", size: 1_048_576 }]);
  const inherited = { labels: { "dev.ingot.writable": label ?? "" } };
  assert.equal(configOf({}, { inherited }).config?.Labels?.["dev.ingot.writable"], label);
});

test("history has one entry a layer, also on a base that has none: engines pair them up", () => {
  const layers = ["base 1", "base 2", "web"].map(layer);
  const bare = configOf({}, { layers, inheritedLayers: 2 });
  assert.deepEqual(
    bare.rootfs.diff_ids,
    layers.map(({ diffId }) => diffId),
  );
  assert.deepEqual(
    bare.history?.map((entry) => entry.created_by ?? entry.comment),
    ["inherited", "inherited", "ingot build: web"],
  );
  const history = [{ created_by: "FROM" }, { created_by: "ENV", empty_layer: true }, { created_by: "COPY" }];
  const told = configOf({}, { inherited: { history }, layers, inheritedLayers: 2 });
  assert.deepEqual(told.history?.slice(0, 3), history);
  assert.equal(told.history?.filter((entry) => entry.empty_layer !== true).length, layers.length);
});

test("annotations name the image, and its base where it has one", () => {
  const own = { project: "shop", name: "web", epoch: 1_767_225_600 };
  assert.deepEqual(imageAnnotations(own), {
    "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
    "org.opencontainers.image.title": "shop/web",
  });
  const base = { name: "shop/base", digest: "sha256:0" };
  assert.equal(imageAnnotations({ ...own, base })["org.opencontainers.image.base.name"], "shop/base");
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";
import type { EvidenceItem, StatementKind } from "../../evidence/evidence.ts";
import { readKey } from "../../evidence/keys/keys.ts";
import { readProvenance } from "../../evidence/provenance/read-provenance.ts";
import { slsaProvenance } from "../../evidence/provenance/slsa-schema.fixture.ts";
import { readEvidence } from "../../evidence/statement/read-evidence.ts";
import { processContext } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import { openStore } from "../../oci/layout.ts";

const skip = whyNoTinyDebian() ?? false;
const world = await makeIngotWorld(
  { after },
  { main: [{ name: "hello", version: "1", files: { "usr/share/a": "a" } }] },
);
const images = `  base: {base: debian:bookworm, files: {/etc/motd: ./motd}}
  web: {base: image:base, packages: [hello], files: {/srv: ./public}}
`;
world.define(images);
writeFileSync(join(world.project, "motd"), "hello\n");
mkdirSync(join(world.project, "public"));
writeFileSync(join(world.project, "public/run"), "#!/bin/sh\n", { mode: 0o755 });

const ctx = processContext({ home: world.home });
const open = { INGOT_KEY_PASSPHRASE: "correct horse" };
type Image = { name: string; digest: Digest; statements: { kind: StatementKind; manifest: Digest }[] };

async function build(args: readonly string[] = [], env: Record<string, string> = open): Promise<readonly Image[]> {
  const result = await world.run(["build", "--json", ...args], { env });
  assert.equal(result.code, 0, result.stderr);
  return parseJson<{ images: Image[] }>(result).images;
}

function checkedOf(image: Image | undefined): Extract<EvidenceItem, { status: "checked" }>[] {
  const key = readKey(ctx, "builder");
  assert.ok(image && key);
  const trusted = { id: key.id, role: "builder" as const, pem: key.publicPem, from: key.publicFile };
  return readEvidence(openStore(ctx), image.digest, [trusted]).flatMap((item) =>
    item.status === "checked" ? [item] : [],
  );
}

test("without a builder's key nothing is signed, and the command that makes one is named", { skip }, async () => {
  const { stderr, stdout } = await world.succeed("build", "--json");
  assert.match(stderr, /will not be signed: .* ingot key generate builder/);
  assert.deepEqual(
    (JSON.parse(stdout) as { images: Image[] }).images.map(({ statements }) => statements),
    [[], []],
  );
});

test(
  "a key that appears breaks the seal; locked, it fails before anything is built, and --no-sign builds",
  { skip },
  async () => {
    await world.run(["key", "generate", "builder"], { env: open });
    rmSync(join(world.home, "store"), { recursive: true });
    const locked = await world.run(["build"]);
    assert.equal(locked.code, 1);
    assert.match(locked.stderr, /ingot build --no-sign[^]*code: passphrase-missing\n$/);
    assert.deepEqual(openStore(ctx).listReferences(), []);
    assert.deepEqual(
      (await build(["--no-sign"], {})).map(({ statements }) => statements),
      [[], []],
    );
  },
);

const kinds = ["cyclonedx", "spdx", "provenance", "signature"];

test(
  "with a key every image carries its bills of materials, its provenance and a signature, all by that key",
  { skip },
  async () => {
    for (const image of await build()) {
      assert.deepEqual(
        image.statements.map(({ kind }) => kind),
        kinds,
      );
      const checked = checkedOf(image);
      assert.deepEqual(
        checked.map(({ manifest }) => manifest).toSorted(),
        image.statements.map(({ manifest }) => manifest).toSorted(),
      );
      const predicateOf = (kind: string) => checked.find((item) => item.kind === kind)?.statement.predicate;
      assert.deepEqual(predicateOf("signature"), {});
      slsaProvenance.parse(predicateOf("provenance"));
      assert.equal((predicateOf("cyclonedx") as { bomFormat: string }).bomFormat, "CycloneDX");
      assert.equal((predicateOf("spdx") as { spdxVersion: string }).spdxVersion, "SPDX-2.3");
    }
  },
);

test("provenance names the texts, files and packages of the image and of the one it stands on", { skip }, async () => {
  const web = (await build()).find(({ name }) => name === "web");
  const predicate = checkedOf(web).find(({ kind }) => kind === "provenance")?.statement.predicate;
  const recipe = readProvenance(predicate);
  assert.equal(recipe.image, "web");
  assert.equal(recipe.definition, readFileSync(join(world.project, "ingot.yaml"), "utf8"));
  assert.equal(recipe.lock, readFileSync(world.lockPath, "utf8"));
  assert.deepEqual(
    recipe.sources.map((source) => [source.path, source.type, "isExecutable" in source && source.isExecutable]),
    [
      ["motd", "file", false],
      ["public", "directory", false],
      ["public/run", "file", true],
    ],
  );
  const text = JSON.stringify(predicate);
  for (const name of ["tiny-base", "hello"]) assert.match(text, new RegExp(`"uri":"pkg:deb/debian/${name}@1\\?arch=`));
  assert.match(text, /"kind":"base-image"/);
  // Neither the mirror nor the folders of this machine: strangers read it.
  const own = JSON.parse(text.replaceAll(/"content":"[^"]*"/g, '"content":""')) as object;
  for (const secret of [world.folder, world.server.url]) assert.equal(JSON.stringify(own).includes(secret), false);
});

test("a build with nothing to do needs no passphrase and says the same statements", { skip }, async () => {
  const signed = await build();
  assert.deepEqual(
    (await build([], {})).map(({ statements }) => statements),
    signed.map(({ statements }) => statements),
  );
});

test("what the key has said of the same build is not said twice", { skip }, async () => {
  const signed = await build();
  const again = await build(["--no-cache"]);
  assert.deepEqual(
    again.map(({ statements }) => statements),
    signed.map(({ statements }) => statements),
  );
});

test("a statement that is gone breaks the seal and is made again", { skip }, async () => {
  const [image] = await build();
  const lost = image?.statements[2];
  rmSync(openStore(ctx).blobPath(lost?.manifest as Digest));
  assert.equal((await world.run(["build"])).code, 1);
  const [mended] = await build();
  assert.deepEqual(
    checkedOf(mended)
      .map(({ kind }) => kind)
      .toSorted(),
    kinds.toSorted(),
  );
});

test("a list of statements that is gone breaks the seal, and all is signed again", { skip }, async () => {
  await build();
  const path = join(world.home, "store/index.json");
  type Index = { manifests: { annotations?: Record<string, string> }[] };
  const index = JSON.parse(readFileSync(path, "utf8")) as Index;
  const isList = ({ annotations = {} }: Index["manifests"][number]): boolean =>
    Object.values(annotations).some((name) => name.startsWith("sha256-"));
  assert.ok(index.manifests.some(isList));
  writeFileSync(path, JSON.stringify({ ...index, manifests: index.manifests.filter((entry) => !isList(entry)) }));
  const [image] = await build();
  assert.deepEqual(
    checkedOf(image)
      .map(({ kind }) => kind)
      .toSorted(),
    kinds.toSorted(),
  );
});

test("a lock that the build itself makes is no part of the commit", { skip }, async (t) => {
  if (spawnSync("git", ["--version"]).error) return t.skip("needs git: not installed");
  const git = (...args: string[]): void =>
    assert.equal(
      spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: world.project }).status,
      0,
    );
  t.after(() => rmSync(join(world.project, ".git"), { recursive: true, force: true }));
  git("init", "--quiet");
  rmSync(world.lockPath);
  git("add", ".");
  git("commit", "--quiet", "--message", "without a lock");
  const [image] = await build();
  const predicates = checkedOf(image).flatMap(({ kind, statement }) =>
    kind === "provenance" ? [statement.predicate] : [],
  );
  const said = JSON.stringify(predicates);
  assert.match(said, /"gitCommit":"[0-9a-f]{40}"/);
  assert.match(said, /"changed":\["ingot.lock"\],"dirty":true/);
});

test("a rotated key signs anew", { skip }, async () => {
  const [before] = await build();
  await world.run(["key", "rotate", "builder"], { env: open });
  assert.match((await world.run(["build"])).stderr, /code: passphrase-missing\n$/);
  const [image] = await build();
  assert.deepEqual(
    checkedOf(image)
      .map(({ kind }) => kind)
      .toSorted(),
    kinds.toSorted(),
  );
  const old = new Set(before?.statements.map(({ manifest }) => manifest));
  assert.equal(image?.statements.length, kinds.length);
  assert.ok(image.statements.every(({ manifest }) => !old.has(manifest)));
});

test("a wrong passphrase fails before anything is built", { skip }, async () => {
  const { code, stderr } = await world.run(["build", "--no-cache"], { env: { INGOT_KEY_PASSPHRASE: "wrong" } });
  assert.equal(code, 1);
  assert.match(stderr, /ingot build --no-sign[^]*code: passphrase-wrong\n$/);
  assert.doesNotMatch(stderr, /install/);
});

test("a definition with a password in its mirror is not signed, since everyone would read it", { skip }, async (t) => {
  t.after(() => world.define(images));
  const path = join(world.project, "ingot.yaml");
  writeFileSync(path, `mirror: http://user:secret@127.0.0.1/debian\n${readFileSync(path, "utf8")}`);
  const { code, stderr } = await world.run(["build"], { env: open });
  assert.equal(code, 1);
  assert.match(stderr, /INGOT_DEBIAN_MIRROR[^]*code: definition-has-password\n$/);
  assert.doesNotMatch(stderr, /secret/);
  assert.equal((await world.run(["build", "--no-sign"])).code, 0);
});

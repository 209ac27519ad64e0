import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson, type IngotResult } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";
import { statementKinds, type Role, type TrustedKey } from "../../evidence/evidence.ts";
import { readKey } from "../../evidence/keys/keys.ts";
import { openSigner } from "../../evidence/keys/signer.ts";
import type { Provenance } from "../../evidence/provenance/provenance.ts";
import type { RebuildPredicate } from "../../evidence/provenance/rebuild-statement.ts";
import { attest } from "../../evidence/statement/attest.ts";
import { readEvidence } from "../../evidence/statement/read-evidence.ts";
import { processContext } from "../../ground/context.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { openStore } from "../../oci/layout.ts";
import { listReferrers } from "../../oci/referrers.ts";

const skip = whyNoTinyDebian() ?? false;
const passphrase = { INGOT_KEY_PASSPHRASE: "correct horse" };
const world = await makeIngotWorld(
  { after },
  { main: [{ name: "hello", version: "1", files: { "usr/share/a": "a" } }] },
);
const ctx = processContext({ home: world.home, env: { ...process.env, ...passphrase } });
const seed = join(world.project, "seed");
writeFileSync(join(world.project, "motd"), "hello\n");
writeFileSync(seed, "used and gone");
world.define(`  base: {base: debian:bookworm, files: {/etc/motd: ./motd}}
  web:
    base: image:base
    packages: [hello]
    files: {/srv/seed: ./seed}
    run: [cat /srv/seed /srv/seed > /srv/grown, rm /srv/seed]
`);

const trusted = ["--key", `${world.home}/keys/builder.pub=builder`];
const rebuild = (args: readonly string[] = []): Promise<IngotResult> =>
  world.run(["rebuild", "web", "--json", ...args], { env: passphrase });

type Rebuilt = {
  digest: Digest;
  rebuilt: Digest;
  isIdentical: boolean;
  statement?: Digest;
  layers: { title: string }[];
  difference?: { files: { path: string }[] };
};

/** Builds and signs; the first test makes the keys. */
async function makeImage(): Promise<Digest> {
  const result = await world.run(["build", "--json"], { env: passphrase });
  assert.equal(result.code, 0, result.stderr);
  const { images } = parseJson<{ images: { name: string; digest: Digest }[] }>(result);
  const web = images.find(({ name }) => name === "web");
  assert.ok(web);
  return web.digest;
}

function keyOf(role: Role): TrustedKey {
  const key = readKey(ctx, role);
  assert.ok(key);
  return { id: key.id, role, pem: key.publicPem, from: key.publicFile };
}

function statements(image: Digest, kind: "rebuild" | "provenance") {
  const items = readEvidence(openStore(ctx), image, [keyOf("builder"), keyOf("rebuilder")]);
  return items.flatMap((item) => (item.kind === kind && item.status === "checked" ? [item] : []));
}

/** Attaches another provenance, newer than the true one, by the builder's own key: as if the build had gone by it. */
async function forgeProvenance(image: Digest, change: (predicate: Forged) => void): Promise<Digest> {
  const layout = openStore(ctx);
  const [genuine] = statements(image, "provenance");
  const predicate = structuredClone(genuine?.statement.predicate) as Forged;
  predicate.runDetails.metadata.finishedOn = "2999-01-01T00:00:00Z";
  change(predicate);
  const signer = await openSigner(ctx, "builder");
  assert.ok(signer);
  const { predicateType } = statementKinds.provenance;
  const about = { layout, image: layout.resolveReference(image) };
  return (await attest(ctx, about, { predicateType, predicate, signer })).manifest;
}

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;
type Forged = Writable<Provenance>;

/** Takes an attached statement away again. */
function detach(manifest: Digest): void {
  rmSync(openStore(ctx).blobPath(manifest));
}

function replaceText(resource: Forged["buildDefinition"]["externalParameters"]["lock"], text: string): void {
  resource.content = Buffer.from(text).toString("base64");
  resource.digest = { sha256: digestOf(text).slice("sha256:".length) };
}

test(
  "an image that nobody said how it was built is not built again, and what is missing is said",
  { skip },
  async () => {
    await world.succeed("build");
    const { code, stderr } = await rebuild(["--no-sign"]);
    assert.equal(code, 1);
    assert.match(stderr, /hint: ingot build signs it[^]*code: provenance-missing\n$/);
  },
);

test(
  "provenance by a key that is not trusted is not followed, unless a person says so, and then nothing is signed",
  { skip },
  async () => {
    await world.run(["key", "generate", "builder", "rebuilder"], { env: passphrase });
    const image = await makeImage();
    const refused = await rebuild();
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /no trusted key made its signature[^]*code: provenance-untrusted\n$/);
    const followed = await rebuild(["--unverified"]);
    assert.equal(followed.code, 0, followed.stderr);
    assert.match(followed.stderr, /the provenance is not verified/);
    assert.equal(parseJson<Rebuilt>(followed).isIdentical, true);
    assert.deepEqual(statements(image, "rebuild"), []);
  },
);

test("an image comes out the same again, and the rebuilder signs that and by which provenance", { skip }, async () => {
  const image = await makeImage();
  // Another key is trusted for the word that it is about to give.
  const strict = `${readFileSync(join(world.project, "ingot.yaml"), "utf8")}trust: {rebuilder: [${world.home}/keys/builder.pub]}\n`;
  writeFileSync(join(world.project, "strict.yaml"), strict);
  const result = await rebuild([...trusted, "--file", join(world.project, "strict.yaml")]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /trust: of ingot\.yaml does not name the rebuilder's key/);
  const rebuilt = parseJson<Rebuilt>(result);
  assert.deepEqual([rebuilt.digest, rebuilt.rebuilt, rebuilt.isIdentical], [image, image, true]);
  const [statement, second] = statements(image, "rebuild");
  assert.equal(second, undefined);
  assert.equal(statement?.manifest, rebuilt.statement);
  assert.equal(statement?.key.id, keyOf("rebuilder").id);
  const predicate = statement?.statement.predicate as RebuildPredicate;
  assert.equal(predicate.result, "identical");
  assert.equal(`sha256:${predicate.provenance.digest.sha256}`, statements(image, "provenance")[0]?.manifest);
  // Nothing of the second build is left.
  assert.deepEqual(
    readdirSync(join(world.home, "tmp")).filter((name) => name.startsWith("rebuild-")),
    [],
  );
});

test(
  "the second build has a home of its own, which shares nothing with the first but the packages",
  { skip },
  async () => {
    const image = await makeImage();
    const home = join(world.folder, "second");
    // What the first build kept is unusable: a second one that looked at it would fail or differ.
    const cache = join(world.home, "cache/steps");
    renameSync(cache, `${cache}.kept`);
    mkdirSync(cache);
    for (const name of readdirSync(`${cache}.kept`)) writeFileSync(join(cache, name), '{"layers":[],"accounts":{}}');
    const result = await rebuild([...trusted, "--no-sign", "--home", home]);
    rmSync(cache, { recursive: true });
    renameSync(`${cache}.kept`, cache);
    assert.equal(parseJson<Rebuilt>(result).isIdentical, true, result.stderr);
    assert.equal(openStore({ home: join(home, "home") }).resolveReference("shop/web").digest, image);
    assert.equal(statements(image, "rebuild").length, 1);
    const again = await rebuild([...trusted, "--home", home]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /code: usage\n$/);
  },
);

test(
  "a lock that is not the one the image was built from is found out: exit 4, the layers named, nothing signed",
  { skip },
  async () => {
    const image = await makeImage();
    const before = statements(image, "rebuild").length;
    const forged = await forgeProvenance(image, ({ buildDefinition: { externalParameters } }) => {
      const lock = JSON.parse(readFileSync(world.lockPath, "utf8")) as {
        images: { web: { stages: { epoch: number }[] } };
      };
      for (const stage of lock.images.web.stages) stage.epoch += 60;
      replaceText(externalParameters.lock, JSON.stringify(lock));
    });
    const result = await rebuild(trusted);
    detach(forged);
    assert.equal(result.code, 4, result.stderr);
    const rebuilt = parseJson<Rebuilt>(result);
    assert.equal(rebuilt.isIdentical, false);
    assert.notEqual(rebuilt.rebuilt, image);
    assert.ok(rebuilt.layers.length > 0);
    assert.equal(rebuilt.statement, undefined);
    assert.equal(statements(image, "rebuild").length, before);
  },
);

test(
  "a definition that is not the one the image was built from is found out, with the files that differ",
  { skip },
  async () => {
    const image = await makeImage();
    const forged = await forgeProvenance(image, ({ buildDefinition: { externalParameters } }) => {
      const text = readFileSync(join(world.project, "ingot.yaml"), "utf8");
      replaceText(externalParameters.definition, text.replace("rm /srv/seed", "echo backdoor > /srv/grown"));
    });
    const result = await world.run(["rebuild", "web", ...trusted], { env: passphrase });
    detach(forged);
    assert.equal(result.code, 4);
    assert.match(result.stdout, /NOT the same when built again[^]*file changed \/srv\/grown \(content 26 → 9 bytes\)/);
    assert.match(result.stdout, /file added \/srv\/seed/);
  },
);

test(
  "an image of another compatibility is not built again, and the release that built it is named",
  { skip },
  async () => {
    const forged = await forgeProvenance(await makeImage(), ({ buildDefinition }) => {
      buildDefinition.internalParameters = { compatibility: 7, ingot: "9.8.7" };
    });
    const { code, stderr } = await rebuild(trusted);
    detach(forged);
    assert.equal(code, 1);
    assert.match(stderr, /hint: rebuild it with Ingot 9\.8\.7[^]*code: lock-incompatible\n$/);
  },
);

test("provenance that leads out of the project, or names a path twice, is refused", { skip }, async () => {
  const image = await makeImage();
  const file = { digest: { sha256: "a".repeat(64) }, annotations: { kind: "file", mode: "0644" } };
  const twice = { name: "motd", content: "eA==", digest: { sha256: "0" }, annotations: { kind: "symlink" } };
  for (const source of [{ name: "../../outside", ...file }, twice]) {
    const forged = await forgeProvenance(
      image,
      ({ buildDefinition }) => void buildDefinition.resolvedDependencies.push(source),
    );
    const { code, stderr } = await rebuild(trusted);
    detach(forged);
    assert.equal(code, 1);
    assert.match(stderr, /code: provenance-unusable\n$/);
  }
});

test("a definition whose sources are elsewhere on this host reads nothing of it", { skip }, async () => {
  const forged = await forgeProvenance(await makeImage(), ({ buildDefinition: { externalParameters } }) => {
    const text = readFileSync(join(world.project, "ingot.yaml"), "utf8");
    replaceText(externalParameters.definition, text.replace("./seed", "/etc/shadow"));
  });
  const { code, stderr } = await rebuild(trusted);
  detach(forged);
  assert.equal(code, 1);
  assert.match(stderr, /expected a path inside the project's folder[^]*code: definition-invalid\n$/);
});

test(
  "files are taken by digest, from here, from Git, from --source or out of the image, and what no place has is named",
  { skip },
  async (t) => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example", ...args], {
        cwd: world.project,
        stdio: "pipe",
      });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message=first");
    t.after(() => rmSync(join(world.project, ".git"), { recursive: true, force: true }));
    const image = await makeImage();
    writeFileSync(
      join(world.project, "ingot.yaml"),
      `${readFileSync(join(world.project, "ingot.yaml"), "utf8")}# more\n`,
    );
    git("commit", "--quiet", "--all", "--message=second");
    assert.equal(await makeImage(), image);
    const kept = join(world.folder, "kept");
    mkdirSync(kept);
    copyFileSync(seed, join(kept, "seed"));
    // In the image /etc/motd is what ./motd was; the seed is not in it any more.
    writeFileSync(join(world.project, "motd"), "changed since\n");
    writeFileSync(seed, "changed since");
    const fromGit = await rebuild([...trusted, "--no-sign"]);
    assert.equal(parseJson<Rebuilt>(fromGit).isIdentical, true, fromGit.stderr);
    assert.doesNotMatch(fromGit.stderr, /taken from the image itself/);
    rmSync(join(world.project, ".git"), { recursive: true });
    const lost = await rebuild([...trusted, "--no-sign"]);
    assert.equal(lost.code, 1);
    assert.match(
      lost.stderr,
      /a file that the image was built from[^]*seed \(sha256 [^]*--source[^]*code: rebuild-source-missing\n$/,
    );
    assert.doesNotMatch(lost.stderr, /motd/);
    const fromSource = await rebuild([...trusted, "--no-sign", "--source", kept]);
    assert.equal(parseJson<Rebuilt>(fromSource).isIdentical, true, fromSource.stderr);
    assert.match(fromSource.stderr, /taken from the image itself, for no folder or commit here has them: "motd"; /);
    copyFileSync(join(kept, "seed"), seed);
    writeFileSync(join(world.project, "motd"), "hello\n");
  },
);

test("packages that neither vault nor mirror have are named, with what to do", { skip }, async () => {
  await makeImage();
  const vault = join(world.home, "vault");
  renameSync(vault, `${vault}.kept`);
  const env = { ...passphrase, INGOT_DEBIAN_MIRROR: `file:${world.folder}/nowhere` };
  const { code, stderr } = await world.run(["rebuild", "web", ...trusted], { env });
  rmSync(vault, { recursive: true });
  renameSync(`${vault}.kept`, vault);
  assert.equal(code, 1);
  assert.match(stderr, /hint: [^]*code: download-missing\n$/);
});

test("a rebuilder with the builder's key is refused: it would only confirm itself", { skip }, async () => {
  const image = await makeImage();
  const before = listReferrers(openStore(ctx), image).length;
  const keys = join(world.home, "keys");
  rmSync(join(keys, "rebuilder.key"));
  copyFileSync(join(keys, "builder.key"), join(keys, "rebuilder.key"));
  const { code, stderr } = await rebuild(trusted);
  assert.equal(code, 3);
  assert.match(stderr, /code: rebuilder-is-builder\n$/);
  assert.doesNotMatch(stderr, /install/);
  assert.equal(listReferrers(openStore(ctx), image).length, before);
  assert.equal(existsSync(join(keys, "builder.key")), true);
});

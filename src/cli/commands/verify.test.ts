/** `ingot attest`, `ingot evidence` and `ingot verify`: in a project, outside of one, offline, and from a registry. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { startDockerRegistry } from "../../../test/support/docker-registry.ts";
import { shareCompiled } from "../../../test/support/ingot-world.ts";
import { hasProgram } from "../../../test/support/real-packages.ts";
import { parseJson, runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";
import { statementKinds } from "../../evidence/evidence.ts";
import { openSigner } from "../../evidence/keys/signer.ts";
import { attest } from "../../evidence/statement/attest.ts";
import { attachRaw, makeSigner, signRaw, statementAbout } from "../../evidence/statement/statement.fixture.ts";
import { processContext } from "../../ground/context.ts";
import { present } from "../../ground/present.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { openLog } from "../../ledger/log/open-log.ts";
import { signAndLog } from "../../ledger/signatures/signatures.fixture.ts";
import { withLogEntry } from "../../ledger/signatures/with-log-entry.ts";
import { openLayout, type Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

type Place = {
  readonly folder: string;
  readonly layout: Layout;
  readonly image: Descriptor;
  readonly run: (...args: string[]) => Promise<IngotResult>;
  readonly elsewhere: (...args: string[]) => Promise<IngotResult>;
};

/** A home whose store has the image `shop/web`; a project that stands where the commands run. */
async function makePlace(t: TestContext, yaml?: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-verify-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const home of ["home", "other"]) shareCompiled(join(folder, home));
  const layout = openLayout(join(folder, "home/store"));
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  if (yaml !== undefined) writeFileSync(join(folder, "ingot.yaml"), yaml);
  writeFileSync(join(folder, "passed.json"), '{"result":"PASSED","passedTests":["one"]}');
  writeFileSync(
    join(folder, "failed.json"),
    '{"result":"FAILED","failedTests":["one"],"finishedOn":"2026-11-21T10:00:00Z"}',
  );
  const runIn =
    (home: string) =>
    (...args: string[]) =>
      runIngot(args, {
        cwd: folder,
        env: {
          INGOT_HOME: join(folder, home),
          INGOT_KEY_PASSPHRASE: "four words",
          DOCKER_CONFIG: join(folder, "docker"),
        },
      });
  return { folder, layout, image, run: runIn("home"), elsewhere: runIn("other") };
}

/** Says things with the keys of the home, whose passphrase is asked for once. */
async function openMouths({ folder, layout, image }: Pick<Place, "folder" | "layout" | "image">) {
  const ctx = processContext({ home: join(folder, "home"), env: { INGOT_KEY_PASSPHRASE: "four words" } });
  const signers = { builder: await openSigner(ctx, "builder"), tester: await openSigner(ctx, "tester") };
  return async (kind: "signature" | "provenance" | "cyclonedx" | "tests", predicate: object): Promise<void> => {
    const { predicateType, role } = statementKinds[kind];
    const signer = present(signers[role], "the key");
    await attest(ctx, { layout, image }, { predicateType, predicate, signer });
  };
}

const project = `project: shop
images:
  web: {base: debian:bookworm}
trust:
  builder: [./trust/builder.pub]
  tester: [./trust/tester.pub]
`;

type Verified = {
  readonly isVerified: boolean;
  readonly proven: readonly {
    readonly kind: string;
    readonly manifest: string;
    readonly key: { readonly role: string };
  }[];
  readonly missing: readonly {
    readonly requirement: string;
    readonly reasons: readonly string[];
    readonly next: string;
  }[];
  readonly content: { readonly damage: readonly string[] };
  readonly refused: readonly { readonly reason: string }[];
  readonly untrusted: readonly object[];
};

/** What `ingot evidence` says of the same statements. */
async function checkEvidence(run: Place["run"]): Promise<void> {
  const evidence = await run("evidence", "web");
  assert.match(evidence.stdout, /7 statements are attached; signatures were checked with/);
  assert.match(evidence.stdout, /cyclonedx +builder [0-9a-f]{12} +CycloneDX 1\.6, 1 components/);
  assert.match(
    evidence.stdout,
    /FAILED[^\n]*T10:00:00Z; a later one stands in its place\n[^\n]*PASSED[^\n]*; 2026-11-21T11:00:00Z\n/,
  );
  assert.match(evidence.stdout, /not to be believed:\n[^]*refused: it is cut off/);
  assert.equal(
    (await run("evidence", "web", "--print", "cyclonedx")).stdout,
    '{"components":[{}],"specVersion":"1.6"}\n',
  );
}

test("verify says what is proven and what is missing until all is there; damage, rubbish and a bad test are told apart", async (t) => {
  const { folder, layout, image, run } = await makePlace(t, project);
  const verify = async (code: number): Promise<Verified> => {
    const result = await run("verify", "web", "--json");
    assert.equal(result.code, code, result.stderr + result.stdout);
    return parseJson<Verified>(result);
  };
  const names = ({ missing }: Verified): readonly string[] => missing.map(({ requirement }) => requirement);
  assert.equal((await run("key", "generate", "builder", "tester", "--trust", "trust")).code, 0);
  assert.deepEqual(names(await verify(4)), ["signature", "provenance", "sbom", "tests"]);
  const say = await openMouths({ folder, layout, image });
  await say("signature", {});
  await say("provenance", {});
  await say("cyclonedx", { specVersion: "1.6", components: [{}] });
  await say("tests", { result: "FAILED", failedTests: ["one"], finishedOn: "2026-11-21T10:00:00Z" });
  const failed = await verify(4);
  assert.deepEqual(names(failed), ["tests"]);
  assert.match(failed.missing[0]?.reasons.join() ?? "", /its result is "FAILED", not PASSED/);
  assert.equal(failed.missing[0]?.next, "ingot test web");
  const told = await run("verify", "web");
  assert.equal(told.stdout.match(/its result is "FAILED"/g)?.length, 1, told.stdout);
  assert.doesNotMatch(told.stdout, /does not count/);
  await say("tests", { result: "PASSED", passedTests: ["one"], finishedOn: "2026-11-21T12:00:00.123+01:00" });
  const good = await verify(0);
  assert.ok(good.isVerified);
  assert.deepEqual(good.proven.map(({ kind, key }) => `${key.role} ${kind}`).toSorted(), [
    "builder cyclonedx",
    "builder provenance",
    "builder signature",
    "tester tests",
  ]);
  // Rubbish that anybody can attach takes nothing away, and is shown.
  await attachRaw({ layout, image }, Buffer.from("rubbish"));
  // Its type would read as a line of the result.
  const annotations = { "dev.sigstore.bundle.predicateType": "x\n  signature: builder 0123456789ab" };
  await attachRaw({ layout, image }, await signRaw(makeSigner("builder"), statementAbout(image)), { annotations });
  const crowded = await verify(0);
  assert.deepEqual([crowded.refused.length, crowded.untrusted.length], [1, 1]);
  const shown = await run("verify", "web");
  assert.match(shown.stdout, /^shop\/web {2}sha256:[0-9a-f]{64} {2}verified\nproven:\n {2}content: 3 blobs/);
  assert.equal(shown.stdout.match(/^ {2}signature: /gm)?.length, 1);
  assert.match(shown.stdout, /tests: tester [0-9a-f]{12} \([^)]*trust\/tester\.pub\), 2026-11-21T11:00:00Z$/m);
  // What is not missing any more stands where it does not count.
  assert.match(shown.stdout, /does not count:\n {2}tests sha256:[0-9a-f]{12}: its result is "FAILED"/);
  // Other requirements than those of the roles.
  assert.equal((await run("verify", "web", "--require", "signature", "sbom")).code, 0);
  assert.equal((await run("verify", "web", "--require", "scan")).code, 4);
  await checkEvidence(run);
  const [layer] = parseImageManifest(layout.readBlob(image.digest)).layers;
  const path = layout.blobPath(layer?.digest ?? image.digest);
  chmodSync(path, 0o644);
  writeFileSync(path, "another layer");
  const damaged = await run("verify", "web");
  assert.equal(damaged.code, 4);
  assert.match(damaged.stdout, /NOT verified[^]*damaged:\n[^]*its content is sha256:/);
});

test("outside of a project only --key counts: for a signature by itself, for more with a role", async (t) => {
  const { run } = await makePlace(t);
  assert.equal((await run("key", "generate", "builder", "tester")).code, 0);
  const none = await run("verify", "shop/web");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /code: trust-missing\n$/);
  assert.equal((await run("verify", "shop/web", "--key", "home/keys/builder.pub")).code, 4);
  assert.equal((await run("attest", "shop/web", "--type", "signature")).code, 0);
  assert.equal((await run("verify", "--key", "home/keys/builder.pub", "shop/web")).code, 0);
  const other = await run("verify", "shop/web", "--key", "home/keys/tester.pub");
  assert.equal(other.code, 4);
  assert.match(other.stdout, /no trusted key made its signature; it names the key [0-9a-f]{12}/);
  const asBuilder = await run("verify", "shop/web", "--key", "home/keys/builder.pub=builder", "--json");
  assert.deepEqual(
    parseJson<Verified>(asBuilder).missing.map(({ requirement }) => requirement),
    ["provenance", "sbom"],
  );
  for (const [key, named] of [
    ["absent.pub", "which --key names for every role"],
    ["absent.pub=tester", "which --key names for the tester"],
  ] as const) {
    const absent = await run("verify", "shop/web", "--key", key);
    assert.match(absent.stderr, new RegExp(`absent\\.pub, ${named}, is not there\n[^]*code: key-missing\n$`));
  }
  const asTester = await run("verify", "shop/web", "--key", "home/keys/builder.pub=tester", "--require", "signature");
  assert.match(asTester.stdout, /trusted as tester; this kind counts from a builder only/);
  const print = await run("evidence", "shop/web", "--print", "signature");
  assert.equal(print.code, 4);
  assert.match(print.stderr, /code: evidence-missing\n$/);
});

test("a statement and the same one with its place in a controller's log are one, which is said to carry an entry", async (t) => {
  const { folder, layout, image, run } = await makePlace(t);
  const signer = makeSigner("builder");
  writeFileSync(join(folder, "k.pub"), signer.key.pem);
  const statement = statementAbout(image, { predicateType: statementKinds.signature.predicateType, predicate: {} });
  const secret = generateKeyPairSync("ed25519").privateKey;
  const log = await openLog({ folder: join(folder, "log"), key: { name: "ingot.example", secret } });
  const { bundle, entry } = await signAndLog(log, statement, signer);
  await log.close();
  await attachRaw({ layout, image }, bundle);
  const logged = await attachRaw({ layout, image }, withLogEntry(bundle, entry));
  const verified = parseJson<Verified>(await run("verify", "shop/web", "--key", "k.pub", "--json"));
  assert.deepEqual(
    verified.proven.map(({ kind, manifest }) => ({ kind, manifest })),
    [{ kind: "signature", manifest: logged.digest }],
  );
  const shown = await run("evidence", "shop/web", "--key", "k.pub");
  assert.match(shown.stdout, /1 statement is attached/);
  assert.match(shown.stdout, /carries a log entry/);
});

test("where nobody is trusted of whom anything is asked, nothing is verified", async (t) => {
  const yaml = project.replace(/trust:[^]*/, "trust: {approver: [./trust/approver.pub]}\n");
  const { run } = await makePlace(t, yaml);
  assert.equal((await run("key", "generate", "approver", "builder", "--trust", "trust")).code, 0);
  const approver = await run("verify", "web");
  assert.equal(approver.code, 1);
  assert.match(approver.stderr, /only the role approver is trusted[^]*--require approval\ncode: trust-missing\n$/);
  // A key without a role asks for a signature, whatever roles the project names.
  const signature = await run("verify", "web", "--key", "trust/builder.pub", "--json");
  assert.equal(signature.code, 4);
  assert.deepEqual(
    parseJson<Verified>(signature).missing.map(({ requirement }) => requirement),
    ["signature"],
  );
  assert.equal((await run("verify", "web", "--require", "approval")).code, 4);
});

test("an ingot.yaml that another user put where people work says nothing about trust", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root: a file of another user");
  const { folder, run } = await makePlace(t, project);
  assert.equal((await run("key", "generate", "builder", "tester", "--trust", "trust")).code, 0);
  const path = join(folder, "ingot.yaml");
  assert.equal((await run("verify", "web")).code, 4);
  chownSync(path, 12345, 12345);
  for (const command of ["verify", "evidence", "scan"]) {
    const planted = await run(command, "web");
    assert.equal(planted.code, 1);
    assert.match(planted.stderr, /it belongs to user 12345\n[^]*--file [^]*code: trust-exposed\n$/);
  }
  assert.equal((await run("verify", "web", "--file", "ingot.yaml")).code, 4);
  // His link to an honest one: the keys are then looked for below his folder.
  renameSync(path, join(folder, "honest.yaml"));
  chownSync(join(folder, "honest.yaml"), 0, 0);
  symlinkSync("honest.yaml", path);
  lchownSync(path, 12345, 12345);
  assert.match((await run("verify", "web")).stderr, /it belongs to user 12345[^]*code: trust-exposed\n$/);
  rmSync(path);
  renameSync(join(folder, "honest.yaml"), path);
  chownSync(path, 12345, 12345);
  // The checkout of another user, in which the person stands.
  chownSync(folder, 12345, 12345);
  assert.equal((await run("verify", "web")).code, 4);
  chmodSync(path, 0o666);
  assert.match((await run("verify", "web")).stderr, /every user of this host may write it[^]*code: trust-exposed\n$/);
});

test("attest refuses what makes no statement, and never takes the builder's key by itself", async (t) => {
  const { folder, run } = await makePlace(t);
  assert.equal((await run("key", "generate", "builder")).code, 0);
  writeFileSync(join(folder, "list.json"), "[]");
  writeFileSync(join(folder, "text.json"), "{");
  writeFileSync(join(folder, "undated.json"), '{"result":"FAILED"}');
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [["--type", "https://example.test/x", "--predicate", "passed.json"], 2, /expected --role[^]*code: usage\n$/],
    [["--type", "tests", "--predicate", "failed.json", "--role", "builder"], 3, /code: role-mismatch\n$/],
    // Nothing would ever take this no back.
    [
      ["--type", "tests", "--predicate", "undated.json"],
      1,
      /no date, and says no: [^]*finishedOn[^]*predicate-malformed\n$/,
    ],
    [["--type", "vex", "--predicate", "passed.json"], 1, /no scan would use[^]*code: predicate-malformed\n$/],
    [["--type", "tests", "--predicate", "passed.json"], 1, /ingot key generate tester\ncode: key-missing\n$/],
    [["--type", "provenanse", "--predicate", "passed.json"], 2, /did you mean "provenance"/],
    [["--type", "provenance"], 2, /expected --predicate FILE/],
    [["--type", "provenance", "--predicate", "list.json"], 1, /JSON object[^]*code: predicate-malformed\n$/],
    [["--type", "provenance", "--predicate", "text.json"], 1, /code: predicate-malformed\n$/],
    [["--type", "provenance", "--predicate", "absent.json"], 1, /no file[^]*code: predicate-malformed\n$/],
  ];
  for (const [args, code, message] of cases) {
    const result = await run("attest", "shop/web", ...args);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, args.join(" "));
  }
  const remote = await run("attest", "127.0.0.1:1/shop/web:1", "--type", "signature");
  assert.match(remote.stderr, /ingot pull 127\.0\.0\.1:1\/shop\/web:1[^]*code: usage\n$/);
  const own = await run(
    "attest",
    "shop/web",
    "--type",
    "https://example.test/x",
    "--predicate",
    "passed.json",
    "--role",
    "builder",
  );
  assert.equal(own.code, 0, own.stderr);
});

test("a folder is verified without any network", async (t) => {
  const { folder, run } = await makePlace(t);
  if (spawnSync("unshare", ["--net", "true"]).status !== 0) return t.skip("needs root: to take the network away");
  assert.equal((await run("key", "generate", "builder")).code, 0);
  assert.equal((await run("attest", "shop/web", "--type", "signature")).code, 0);
  assert.equal((await run("copy", "shop/web", "oci:folder:web")).code, 0);
  const program = join(import.meta.dirname, "../../../bin/ingot");
  const verify = (target: string): ReturnType<typeof spawnSync> =>
    spawnSync("unshare", ["--net", program, "verify", target, "--key", "home/keys/builder.pub"], {
      cwd: folder,
      env: { ...process.env, INGOT_HOME: join(folder, "home") },
    });
  for (const target of ["shop/web", "oci:folder"]) {
    const result = verify(target);
    assert.equal(result.status, 0, `${target}: ${String(result.stderr)}`);
  }
});

test(
  "an image of a registry is verified with the statements that came along",
  { skip: hasProgram("docker-registry") ? false : "needs docker-registry: not installed" },
  async (t) => {
    const { folder, image, run, elsewhere } = await makePlace(t);
    const registry = await startDockerRegistry(join(folder, "registry"));
    t.after(() => registry.stop());
    assert.equal((await run("key", "generate", "builder")).code, 0);
    assert.equal((await run("attest", "shop/web", "--type", "signature")).code, 0);
    const reference = `${registry.host}/shop/web:1`;
    assert.equal((await run("push", "shop/web", reference)).code, 0);
    const verified = await elsewhere("verify", reference, "--key", "home/keys/builder.pub", "--json");
    assert.equal(verified.code, 0, verified.stderr);
    assert.equal(parseJson<{ image: string }>(verified).image, image.digest);
    await registry.stop();
    // What was pulled stays, and needs the registry no more.
    assert.equal((await elsewhere("verify", `store:${reference}`, "--key", "home/keys/builder.pub")).code, 0);
  },
);

test("attest says when its key is not the one that the project trusts for it, also where the project is named", async (t) => {
  const { folder, run } = await makePlace(t);
  mkdirSync(join(folder, "project"));
  const file = join(folder, "project/ingot.yaml");
  assert.equal((await run("key", "generate", "builder", "tester", "--trust", "project/trust")).code, 0);
  const say = () => run("attest", "web", "--type", "tests", "--predicate", "passed.json", "--file", file);
  writeFileSync(file, project.replace("tester.pub", "builder.pub"));
  const stranger = await say();
  assert.equal(stranger.code, 0, stranger.stderr);
  assert.match(stranger.stderr, /trust: of ingot\.yaml does not name the tester's key/);
  writeFileSync(file, project);
  assert.doesNotMatch((await say()).stderr, /does not name/);
  assert.match((await run("attest", "web", "--type", "signature", "-f", "absent.yaml")).stderr, /definition-missing/);
});

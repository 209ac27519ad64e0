/** One image with all that is proven about it, from the build to another machine, read on the way by the tools that others use. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { runCommand } from "../src/ground/run-command.ts";
import { startController } from "./support/controller-process.ts";
import { startDockerRegistry } from "./support/docker-registry.ts";
import { makeIngotWorld, type IngotWorld } from "./support/ingot-world.ts";
import { newerTool } from "./support/newer-tools.ts";
import { hasProgram } from "./support/real-packages.ts";
import { whyNoInstances } from "./support/runtime-image.ts";
import { whyNoTinyDebian } from "./support/tiny-debian.ts";

const passphrase = "words that only this test knows";
const roles = ["builder", "scanner", "tester", "rebuilder"] as const;

const missing = (["cosign", "oras", "crane"] as const).find((name) => newerTool(name) === undefined);
const absent = ["docker-registry", "skopeo"].find((name) => !hasProgram(name));
const why =
  whyNoTinyDebian() ??
  whyNoInstances() ??
  ((missing ?? absent) ? `needs ${missing ?? absent}: not installed` : undefined);

test(
  "all that is proven about an image travels with it, and cosign, oras, crane and skopeo agree",
  { skip: why ?? false },
  async (t) => {
    const world = await madeOnce();
    const registry = await startDockerRegistry(join(world.folder, "registry"));
    t.after(() => registry.stop());
    const reference = `${registry.host}/shop/web:1`;
    const pushed = JSON.parse((await world.succeed("push", "web", reference, "--json")).stdout) as {
      digest: string;
      statements: number;
    };
    assert.equal(pushed.statements, 7, "signature, provenance, two bills of materials, scan, tests, rebuild");
    await agreeWithCosign(world, `${registry.host}/shop/web@${pushed.digest}`);
    const tool = (name: "oras" | "crane", ...args: string[]) =>
      runCommand(newerTool(name) ?? "", args, { env: { ...process.env } });
    const { stdout: discovered } = await tool("oras", "discover", "--plain-http", "--format", "json", reference);
    assert.equal((JSON.parse(discovered) as { referrers: unknown[] }).referrers.length, 7);
    assert.equal((await tool("crane", "digest", "--insecure", reference)).stdout.trim(), pushed.digest);
    await runCommand("skopeo", [
      "copy",
      "--src-tls-verify=false",
      `docker://${reference}`,
      `oci:${join(world.folder, "skopeo")}:web`,
    ]);
    // Another machine: nothing but the registry, and the public keys in the project.
    const elsewhere = { env: { INGOT_HOME: join(world.folder, "elsewhere") } };
    const pulled = await world.run(["pull", reference, "--json"], elsewhere);
    assert.equal((JSON.parse(pulled.stdout) as { digest: string }).digest, pushed.digest, pulled.stderr);
    const verified = await world.run(["verify", reference, "--json"], elsewhere);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const folder = `oci:${join(world.folder, "layout")}`;
    const copied = await world.run(["copy", reference, folder], elsewhere);
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal((await world.run(["verify", folder], elsewhere)).code, 0, "a layout holds the proof as well");
    // skopeo leaves statements behind: the image is whole, and nothing is proven about it.
    const bare = await world.run(["verify", `oci:${join(world.folder, "skopeo")}`], elsewhere);
    assert.equal(bare.code, 4);
    assert.match(bare.stdout, /missing:/);
  },
);

test(
  "through a controller stock cosign verifies offline, with no insecure flag, what two people approved; a tampered log proof fails",
  { skip: why ?? false },
  async (t) => {
    const world = await madeOnce();
    const controller = await startController({ home: join(world.folder, "controller") });
    t.after(() => controller.stop());
    const { host } = new URL(controller.url);
    const person = (name: string) => ({
      env: { INGOT_HOME: name === "alice" ? world.home : join(world.folder, name) },
    });
    const say = async (name: string, ...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await world.run(args, person(name));
      assert.equal(code, 0, `${name}: ingot ${args.join(" ")}: ${stdout}${stderr}`);
      return stdout;
    };
    const codeIn = (text: string): string => /--enrol (\S+)/.exec(text)?.[1] ?? "";
    await say("ada", "login", controller.url, "--enrol", controller.code ?? "", "--name", "ada");
    const uses = roles.map((role) => `keys/${role}.pub=${role}`);
    await say("ada", "identity", "add", "ci", "--kind", "workload", "--role", "builder", "--key", ...uses);
    for (const name of ["alice", "bob", "carol"]) {
      const added = await say("ada", "identity", "add", name, "--role", "developer", "approver", "deployer");
      await say(name, "login", controller.url, "--enrol", codeIn(added), "--name", name, "--with", "approver");
    }
    appendFileSync(
      join(world.project, "ingot.yaml"),
      "services:\n  web: {image: web}\nenvironments:\n  production: {approvals: 2}\n",
    );
    await say("ada", "policy", "apply");
    await say("alice", "push", "web", `${host}/shop/web:1`);
    const deploy = ["deploy", "web", "--to", "production"];
    const early = await world.run(deploy, person("alice"));
    assert.equal(early.code, 3, early.stdout);
    assert.match(early.stderr, /2 people must approve it for production, nobody has \(rule approvals\)/);
    assert.match(early.stderr, /hint: ingot approve shop\/web@sha256:[0-9a-f]{64} --for production/);
    const own = await world.run(["approve", "shop/web:1", "--for", "production"], person("alice"));
    assert.equal(own.code, 3);
    assert.match(own.stderr, /user:alice is among the authors or builders .*\(rule own-image\)/);
    for (const name of ["bob", "carol"]) await say(name, "approve", "shop/web:1", "--for", "production");
    assert.match(await say("alice", ...deploy), /release 1 of web in production/);
    const image = `${host}/shop/web@${(JSON.parse(await say("alice", "images", "--json")) as { images: { name?: string; digest: string }[] }).images.find(({ name }) => name === "shop/web")?.digest}`;
    const root = join(world.folder, "trusted-root.json");
    writeFileSync(root, await say("alice", "audit", "trusted-root"));
    const token = (await say("alice", "identity", "token")).trim();
    await verifyByCosign(world, { image, root, token });
  },
);

type Logged = { readonly image: string; readonly root: string; readonly token: string };

/** Every kind that cosign has a word for; then with another log's key in the trusted root, which none of the proofs fits. */
async function verifyByCosign(world: IngotWorld, { image, root, token }: Logged): Promise<void> {
  const home = join(world.folder, "cosign");
  mkdirSync(join(home, ".docker"), { recursive: true });
  const auth = Buffer.from(`token:${token}`).toString("base64");
  writeFileSync(
    join(home, ".docker/config.json"),
    JSON.stringify({ auths: { [image.split("/", 1)[0] ?? ""]: { auth } } }),
    { mode: 0o600 },
  );
  const cosign = (trustedRoot: string, command: string, role: string, ...args: string[]) => {
    const key = resolve(world.project, "keys", role.endsWith(".pub") ? role : `${role}.pub`);
    const options = ["--key", key, "--trusted-root", trustedRoot, "--allow-http-registry", ...args, image];
    return runCommand(newerTool("cosign") ?? "", [command, ...options], {
      // Nothing but the registry can be reached: whatever asks the public log would fail.
      env: { ...process.env, HOME: home, HTTPS_PROXY: "http://127.0.0.1:1" },
      allowFailure: true,
    });
  };
  const signed = await cosign(root, "verify", "builder");
  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stderr, /transparency log was verified offline/);
  for (const [role, type] of attested) {
    const result = await cosign(root, "verify-attestation", role, "--type", type);
    assert.equal(result.code, 0, `${type}: ${result.stderr}`);
  }
  const other = await cosign(root, "verify", join(world.home, "keys/approver.pub"));
  assert.notEqual(other.code, 0, "a key that signed nothing of this image was believed");
  const tampered = join(world.folder, "tampered-root.json");
  writeFileSync(tampered, readFileSync(root, "utf8").replace(/("rawBytes": ?")(....)/, "$1AAAA"));
  assert.notEqual((await cosign(tampered, "verify", "builder")).code, 0, "a log key that signed nothing was believed");
}

let proven: Promise<IngotWorld> | undefined;
const endings: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of endings) await end();
});

/** Both journeys begin with the same image; only the second one changes its project. */
function madeOnce(): Promise<IngotWorld> {
  proven ??= makeProven({ after: (work) => void endings.push(work) });
  return proven;
}

/** A project whose image was built, scanned, tested and rebuilt, each signed by its own key. */
async function makeProven(t: { readonly after: (work: () => Promise<void>) => void }): Promise<IngotWorld> {
  const world = await makeIngotWorld(t);
  const withKeys: IngotWorld["run"] = (args, options = {}) =>
    world.run(args, { ...options, env: { INGOT_KEY_PASSPHRASE: passphrase, ...options.env } });
  const succeed: IngotWorld["succeed"] = async (...args) => {
    const result = await withKeys(args);
    assert.equal(result.code, 0, `ingot ${args.join(" ")}: ${result.stdout}${result.stderr}`);
    return result;
  };
  world.define(
    "  web:\n    base: debian:bookworm\n    user: 33:33\n    command: [/bin/sh, -c, sleep 1000]\n    tests:\n      - {name: it has a shell, run: [/bin/sh, -c, echo yes], contains: yes}\n",
  );
  await succeed("key", "generate", ...roles, "--trust", "keys");
  const trust = roles.map((role) => `  ${role}: [./keys/${role}.pub]\n`).join("");
  appendFileSync(join(world.project, "ingot.yaml"), `trust:\n${trust}`);
  for (const words of [["build"], ["scan", "web"], ["test", "web"], ["rebuild", "web"]]) await succeed(...words);
  return { ...world, run: withKeys, succeed };
}

const attested = [
  ["builder", "slsaprovenance1"],
  ["builder", "cyclonedx"],
  ["builder", "spdxjson"],
  ["scanner", "vuln"],
  ["tester", "https://in-toto.io/attestation/test-result/v0.1"],
] as const;

/** Not the shape alone: what is in a real provenance, a real SBOM, a real scan passes cosign's own reading of these types. */
async function agreeWithCosign(world: IngotWorld, reference: string): Promise<void> {
  const cosign = (...args: string[]) =>
    runCommand(
      newerTool("cosign") ?? "",
      [...args, "--insecure-ignore-tlog=true", "--allow-http-registry", reference],
      {
        env: { ...process.env, HOME: world.folder },
        allowFailure: true,
      },
    );
  const keyOf = (role: string): string => join(world.project, "keys", `${role}.pub`);
  const signed = await cosign("verify", "--key", keyOf("builder"));
  assert.equal(signed.code, 0, signed.stderr);
  for (const [role, type] of attested) {
    const result = await cosign("verify-attestation", "--key", keyOf(role), "--type", type);
    assert.equal(result.code, 0, `${type}: ${result.stderr}`);
  }
}

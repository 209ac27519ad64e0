/** One image with all that is proven about it, from the build to another machine, read on the way by the tools that others use. */
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "../src/ground/run-command.ts";
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
    const world = await makeProven(t);
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
  const types = [
    ["builder", "slsaprovenance1"],
    ["builder", "cyclonedx"],
    ["builder", "spdxjson"],
    ["scanner", "vuln"],
    ["tester", "https://in-toto.io/attestation/test-result/v0.1"],
  ] as const;
  const signed = await cosign("verify", "--key", keyOf("builder"));
  assert.equal(signed.code, 0, signed.stderr);
  for (const [role, type] of types) {
    const result = await cosign("verify-attestation", "--key", keyOf(role), "--type", type);
    assert.equal(result.code, 0, `${type}: ${result.stderr}`);
  }
}

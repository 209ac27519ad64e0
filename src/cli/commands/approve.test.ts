import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";
import { startRegistry } from "../../api/registry/registry.fixture.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { applied, pushedImage, register } from "../../controller/statements/door.fixture.ts";
import { generateKey } from "../../evidence/keys/keys.ts";
import { processContext } from "../../ground/context.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

const passphrase = "correct horse battery staple";

/** What an image needs there is what people say of it, so that a tiny image will do. */
const rules = `@id("approvals")
@missing("{needed} must approve it for {environment}, {approved}{notCounted}")
@supply("ingot approve {reference} --for {environment}")
forbid(principal, action in Action::"enter", resource)
unless { context.image.approvalCount >= context.environment.approvals };
`;

test("a policy is put in force, an image is approved by the very command that its denial names, rejected, and refused to its author", async (t) => {
  const world = await makeWorld(t);
  const { as, digest } = world;

  const diff = await as("root", "policy", "diff");
  assert.equal(diff.code, 4, diff.stderr);
  assert.match(diff.stdout, /production: deploy shop\/web:1: denied → permitted/);
  const made = await as("root", "policy", "apply");
  assert.match(
    made.stdout,
    /production {2}version 2 is in force \(#\d+\) {2}policy\.cedar {2}0 approvals/,
    made.stderr,
  );
  world.write(`${rules} permit(`, 1);
  const broken = await as("root", "policy", "apply");
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /policy\.cedar:6:.*\n[^]*code: policy-invalid/);
  world.write(rules, 1);
  await as("root", "policy", "apply", "production");
  const listed = await as("dora", "policy", "list", "production", "--json");
  const { versions } = JSON.parse(listed.stdout) as { versions: { version: number; approvals: number }[] };
  assert.deepEqual(
    versions.map(({ version, approvals }) => [version, approvals]),
    [
      [3, 1],
      [2, 0],
      [1, 9],
    ],
  );

  const denied = await as("dora", "policy", "explain", "shop/web:1", "--for", "production");
  assert.equal(denied.code, 3, denied.stderr);
  assert.match(denied.stdout, /user:dora may NOT deploy it to production\n {2}approvals: 1 .*production/);
  const next = /next: ingot (approve .*)/.exec(denied.stdout)?.[1] ?? "none";
  const approved = await as("alice", ...next.split(" "), "--reason", "as discussed");
  assert.match(approved.stdout, new RegExp(`^shop/web@${digest} {2}approved for production until `), approved.stderr);
  // What is signed was shown before.
  assert.match(approved.stderr, new RegExp(`shop/web:1 {2}${digest}\nmade by user:bob`));
  assert.equal((await as("dora", "policy", "explain", "shop/web:1", "--for", "production")).code, 0);

  const own = await as("bob", ...next.split(" "));
  assert.equal(own.code, 3);
  assert.match(
    own.stderr,
    /user:bob may not approve .*: user:bob is among the authors or builders[^]*code: policy-denied/,
  );

  const rejected = await as("alice", ...next.split(" "), "--reject", "a flaw was found");
  assert.match(
    rejected.stdout,
    /REJECTED for production, on the record as #\d+\nfor production: rejected by user:alice/,
  );
  assert.equal((await as("dora", "policy", "explain", "shop/web:1", "--for", "production")).code, 3);
});

test("an approval for longer than 30 days, for no environment, or without a key is refused before anything is asked", async (t) => {
  const world = await makeWorld(t);
  const long = await world.as("alice", "approve", "shop/web:1", "--for", "production", "--expires", "31d");
  assert.match(long.stderr, /expected at most 30d for --expires, got 31d[^]*code: usage/);
  const nowhere = await world.as("alice", "approve", "shop/web:1", "--for", "moon");
  assert.match(nowhere.stderr, /no environment "moon"; there are production[^]*code: environment-unknown/);
});

type World = {
  readonly digest: string;
  readonly as: (name: string, ...args: readonly string[]) => Promise<IngotResult>;
  readonly write: (policy: string, approvals: number) => void;
};

/** A controller with the shipped policy in production, one image that bob pushed, and a project with another policy. */
async function makeWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-approve-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const registry = await startRegistry(t, { now: new Date() });
  const { controller } = registry;
  const image = putTinyImage(controller.store, { text: "hello" });
  const tokens = new Map<string, string>([["root", registry.admin.token]]);
  for (const [name, role] of [
    ["alice", "approver"],
    ["bob", "approver"],
    ["dora", "deployer"],
  ] as const) {
    tokens.set(name, await registry.enter(`user:${name}`, [role]));
  }
  const key = await generateKey(processContext({ home: join(folder, "alice") }), "approver", { passphrase });
  const pem = { id: key.id, pem: key.publicPem, role: "approver", from: "" } as const;
  await controller.ledger.transact(() => ({
    events: [
      register("user:alice", { role: "approver", key: pem }),
      applied("production", 9),
      pushedImage(image, "user:bob"),
      makeEvent("user:bob", "tag.set", { repository: "shop/web", tag: "1", digest: image.digest }),
    ],
    result: undefined,
  }));
  const project = join(folder, "shop");
  mkdirSync(project);
  const write: World["write"] = (policy, approvals) => {
    writeFileSync(join(project, "policy.cedar"), policy);
    const environments = `environments: {production: {policy: policy.cedar, approvals: ${approvals}}}`;
    writeFileSync(
      join(project, "ingot.yaml"),
      `project: shop\nimages: {web: {base: "debian:bookworm"}}\n${environments}\n`,
    );
  };
  write(rules, 0);
  const as: World["as"] = (name, ...args) => {
    const INGOT_HOME = join(folder, name);
    const env = {
      INGOT_HOME,
      INGOT_URL: registry.url,
      INGOT_TOKEN: tokens.get(name),
      INGOT_KEY_PASSPHRASE: passphrase,
    };
    return runIngot(args, { cwd: project, env });
  };
  return { digest: image.digest, as, write };
}

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startController, type ControllerProcess } from "./support/controller-process.ts";
import { enrolAdmin, join as joinController, type Person } from "./support/controller-session.ts";
import { makeImage, pushImage } from "./support/registry-push.ts";
import { parseJson, runIngot, type IngotResult } from "./support/run-ingot.ts";

const definition = `project: shop
images:
  web: {base: "debian:bookworm", command: [/bin/true], port: 80}
services:
  web: {image: web, replicas: 2}
environments:
  staging: {policy: staging.cedar}
  production: {approvals: 2}
`;

const folder = mkdtempSync(join(tmpdir(), "ingot-release-"));
let controller: ControllerProcess;
let admin: Person;
let dora: Person;
const images = ["1", "2"].map((tag) => makeImage("shop/web", tag, Buffer.from(`layer ${tag}`)));

before(async () => {
  writeFileSync(join(folder, "ingot.yaml"), definition);
  writeFileSync(
    join(folder, "staging.cedar"),
    '@id("reads")\npermit(principal, action == Action::"audit", resource);\n',
  );
  controller = await startController({ home: join(folder, "controller") });
  admin = await enrolAdmin(controller);
  dora = await joinController(admin, { principal: "user:dora", roles: ["deployer"] });
  for (const image of images) await pushImage(admin, image);
  const applied = await ingot(admin, "policy", "apply");
  assert.equal(applied.code, 0, applied.stderr);
  assert.match(applied.stderr, /warning: staging\.cedar:1:1: no rule forbids that an image enters/);
});

after(async () => {
  await controller.stop();
  rmSync(folder, { recursive: true });
});

/** `ingot` as somebody who is signed in. */
function ingot(person: Person, ...args: readonly string[]): Promise<IngotResult> {
  const env = { INGOT_HOME: join(folder, "home"), INGOT_URL: controller.url, INGOT_TOKEN: person.token };
  return runIngot(args, { cwd: folder, env });
}

const [first = "", second = ""] = images.map(({ digest }) => digest as string);

test("a deployment is a numbered release with the project's configuration; the same again is nothing to do", async () => {
  const made = await ingot(
    dora,
    "deploy",
    "web",
    "--to",
    "staging",
    "--image",
    "shop/web:1",
    "--reason",
    "first",
    "--json",
  );
  assert.equal(made.code, 0, made.stderr);
  const { release } = parseJson<{ release: { number: number; image: string; configuration: { replicas: number } } }>(
    made,
  );
  assert.deepEqual([release.number, release.image, release.configuration.replicas], [1, first, 2]);
  const again = await ingot(dora, "deploy", "web", "--to", "staging", "--image", "shop/web:1");
  assert.equal(again.code, 0);
  assert.match(again.stdout, /release 1 of web in staging is this image with this configuration already/);
});

test("what is missing for production is listed with a command for each, and the exit code is 3", async () => {
  const denied = await ingot(dora, "promote", "web", "--from", "staging", "--to", "production");
  assert.equal(denied.code, 3);
  for (const policy of ["signed", "provenance", "sbom", "scan", "tested", "approvals"]) {
    assert.match(denied.stderr, new RegExp(`^  ${policy}: .* → ingot `, "m"), policy);
  }
});

test("a broken glass is loud: at once, in the status and in the history", async () => {
  const order = ["deploy", "web", "--to", "production", "--image", "shop/web:1"];
  const without = await ingot(dora, ...order, "--break-glass", " ");
  assert.equal(without.code, 2);
  assert.match(without.stderr, /break-glass-malformed/);
  const broken = await ingot(dora, ...order, "--break-glass", "the shop is down", "--for", "30m");
  assert.equal(broken.code, 0, broken.stderr);
  assert.match(broken.stderr, /THE GLASS IS BROKEN/);
  assert.match(broken.stdout, /around approvals: /);
  const status = await ingot(dora, "status", "--environment", "production");
  assert.match(status.stdout, /BREAK-GLASS until .*: the shop is down/);
  const history = await ingot(dora, "history", "web", "--environment", "production", "--type", "release");
  assert.match(history.stdout, /^#\d+ .* user:dora made release 1 of web in production.*BREAK-GLASS until/);
});

test("a rollback is a release of its own, and none goes forward again", async () => {
  const forward = await ingot(dora, "deploy", "web", "--to", "staging", "--image", second);
  assert.equal(forward.code, 0, forward.stderr);
  const back = await ingot(dora, "rollback", "web", "--in", "staging", "--json");
  const { release } = parseJson<{ release: { number: number; image: string; from: object } }>(back);
  const from = { environment: "staging", number: 1, kind: "rollback" };
  assert.deepEqual([release.number, release.image, release.from], [3, first, from]);
  const again = await ingot(dora, "rollback", "web", "--in", "staging");
  assert.equal(again.code, 1);
  assert.match(again.stderr, /rollback-refused/);
});

test("services that the project does not have, images of other registries and environments that do not exist are told apart", async () => {
  const cases = [
    [["deploy", "wep", "--to", "staging"], 1, /did you mean web\?[^]*service-unknown/],
    [["deploy", "web", "--to", "staging", "--image", "other.example/shop/web:1"], 2, /is of other\.example/],
    [["deploy", "web", "--to", "staging", "--image", "shop/web:9"], 1, /image-not-pushed/],
    [["deploy", "web", "--to", "mars", "--image", "shop/web:1"], 1, /environment-unknown/],
    [["rollback", "web", "--in", "staging", "--to", "x"], 2, /expected the number of a release for --to/],
    [["history", "--limit", "0"], 2, /expected a whole number from 1 on for --limit/],
    [["history", "--type", "relase"], 2, /there is no type of event "relase"; did you mean release\?[^]*usage/],
    [["status", "--environment", "prod"], 1, /environment-unknown/],
    [["status", "--at", "yesterday"], 2, /request-malformed/],
    [["audit", "prove", "99999"], 1, /log-entry-unknown/],
    [["audit", "check", "no.json", "--key", "x+00000000+AA"], 2, /there is no file .*no\.json[^]*code: usage/],
    [["audit", "verify", "--checkpoint", "."], 2, /is a folder, not a file[^]*code: usage/],
    [["audit", "export", "web@9", "--environment", "staging", "--output", "left"], 1, /release-unknown/],
  ] as const;
  for (const [args, code, message] of cases) {
    const result = await ingot(dora, ...args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
  }
  assert.equal(existsSync(join(folder, "left")), false, "an export that failed leaves no folder");
});

test("a filter that following does not take is refused, not passed over", async () => {
  for (const words of [["web"], ["--image", "shop/web:1"], ["--since", "1h"]]) {
    const refused = await ingot(dora, "history", ...words, "--follow");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--follow .* does not take (SERVICE|--image|--since)/);
  }
});

test("the past can be read: before the rollback the second image was current", async () => {
  type Events = { readonly events: readonly { readonly index: number; readonly time: string }[] };
  const shown = await ingot(
    dora,
    "audit",
    "show",
    "--service",
    "web",
    "--environment",
    "staging",
    "--type",
    "release.created",
    "--json",
  );
  const second2 = parseJson<Events>(shown).events[1];
  const then = await ingot(dora, "status", "--environment", "staging", "--at", second2?.time ?? "", "--json");
  type Status = {
    readonly services: readonly { readonly release: { readonly number: number; readonly image: string } }[];
  };
  const [service] = parseJson<Status>(then).services;
  assert.deepEqual([service?.release.number, service?.release.image], [2, second]);
});

test("a receipt and an export are checked offline, and an altered one is refused with exit code 4", async () => {
  const [key = ""] = (await ingot(dora, "audit", "key")).stdout.split("\n");
  const output = join(folder, "export");
  const exported = await ingot(dora, "audit", "export", "web@1", "--environment", "production", "--output", output);
  assert.equal(exported.code, 0, exported.stderr);
  assert.deepEqual(readdirSync(output).toSorted(), ["index.html", "receipts", "release.json"]);
  assert.match(readFileSync(join(output, "index.html"), "utf8"), /The glass was broken\./);
  const offline = { env: { INGOT_HOME: join(folder, "elsewhere") }, cwd: folder };
  const file = readdirSync(join(output, "receipts"))
    .map((name) => join(output, "receipts", name))
    .find((path) => readFileSync(path, "utf8").includes('"release.created"'));
  assert.ok(file);
  const good = await runIngot(["audit", "check", file, "--key", key], offline);
  assert.match(good.stdout, /^proven: #\d+ .* made release 1 of web in production/);
  writeFileSync(file, readFileSync(file, "utf8").replace("the shop is down", "the shop is fine"));
  const bad = await runIngot(["audit", "check", file, "--key", key], offline);
  assert.deepEqual([bad.code, bad.stdout], [4, ""]);
  const full = await ingot(dora, "audit", "export", "web", "--environment", "production", "--output", output);
  assert.equal(full.code, 2, "an export never mixes with what is there");
});

test("a revocation names what it reaches and the command for each release; then nothing of it is deployed", async () => {
  const forbidden = await ingot(dora, "revoke", "image", "shop/web:1", "--reason", "backdoor");
  assert.equal(forbidden.code, 3);
  const dry = await ingot(admin, "revoke", "image", "shop/web:1", "--reason", "backdoor", "--dry-run");
  assert.match(dry.stdout, /would be revoked: nothing was changed/);
  const done = await ingot(admin, "revoke", "image", "shop/web:1", "--reason", "backdoor");
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /release 3 of web in staging, CURRENT → ingot deploy web --to staging/);
  const denied = await ingot(dora, "deploy", "web", "--to", "staging", "--image", "shop/web:1", "--break-glass", "now");
  assert.equal(denied.code, 3);
  assert.match(denied.stderr, /the image is revoked/);
  assert.match((await ingot(dora, "status")).stdout, /REVOKED by #\d+ \(itself\): backdoor/);
  assert.match((await ingot(dora, "revoke", "list")).stdout, /image sha256:[0-9a-f]{12} +1 +user:root +backdoor/);
  const unknown = await ingot(admin, "revoke", "package", "openssl=3.0.1", "--reason", "CVE-2026-0001");
  assert.match(unknown.stdout, /no bill of materials says whether they have it/);
});

test("both logs and the database verify beside the running controller and after it, by its keys alone", async () => {
  const keys = (await ingot(dora, "audit", "key")).stdout.trim().split("\n");
  const args = [
    "audit",
    "verify",
    "--folder",
    join(folder, "controller/ledger"),
    ...keys.flatMap((key) => ["--key", key]),
  ];
  const cwd = join(folder, "nowhere");
  mkdirSync(cwd);
  const options = { cwd, env: { INGOT_HOME: join(folder, "elsewhere") } };
  assert.equal((await runIngot(args, options)).code, 0);
  await controller.stop();
  const stopped = await runIngot([...args, "--json"], options);
  assert.equal(stopped.code, 0, stopped.stderr);
  const log = join(folder, "controller/ledger/events/checkpoint");
  writeFileSync(log, readFileSync(log, "utf8").replace(/\n[0-9]+\n/, "\n7\n"));
  assert.equal((await runIngot(args, options)).code, 4);
});

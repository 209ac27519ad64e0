import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { addFeed } from "../../evidence/feeds/add-feed.ts";
import { makeFinding } from "../../evidence/scan/scan.fixture.ts";
import { makeScanStatement } from "../../evidence/scan/scan-statement.ts";
import { exploited, makeFeedWorld } from "../../evidence/feeds/feeds.fixture.ts";
import { actions, type Action } from "../../policy/policy.ts";
import { present } from "../../ground/present.ts";
import { judge } from "../decisions/authorize.ts";
import { makeEvent, system } from "../events/events.ts";
import { assertRegistrable } from "../identity/registrable-name.ts";
import { findIdentity, listStatementKeys, toPrincipal } from "../state/identities.ts";
import { sign } from "../statements/door.fixture.ts";
import { attachScan } from "./attach-scan.ts";
import { listRunning } from "./list-running.ts";
import { makeOrder } from "./make-order.ts";
import { openRunningWorld, tracker, type RunningWorld } from "./rescan.fixture.ts";
import type { Scanned } from "./scan-order.ts";
import { scanStored } from "./scan-stored.ts";
import { openScannerKey, ownScanner, readScannerKey } from "./scanner-identity.ts";

const expires = "2027-01-31";

/** A world in which `openssl` of sid runs, and a feed that knows something about it. */
async function open(t: Parameters<typeof openRunningWorld>[0]) {
  const world = await openRunningWorld(t);
  const { put } = makeFeedWorld(t);
  await addFeed(world.controller.ctx, put("tracker.json", JSON.stringify(tracker)));
  const image = await world.run({ name: "openssl" });
  return { ...world, image };
}

function scan({ controller }: RunningWorld): Promise<Scanned> {
  return scanStored(controller.ctx, makeOrder(controller, running(controller)));
}

function running(controller: RunningWorld["controller"]) {
  return present(listRunning(controller.ledger.state)[0], "an image that runs");
}

async function attach({ controller }: RunningWorld, { result }: Scanned): Promise<void> {
  const said = makeScanStatement(controller.ctx, { result, started: controller.ledger.now() });
  assert.ok(!("gap" in said));
  await attachScan(controller, running(controller), said);
}

test("a scan that says the same as the newest one is not signed again for twelve hours", async (t) => {
  const world = await open(t);
  const first = await scan(world);
  assert.equal(first.isSame, false, "what CI knew is not what is known here");
  await attach(world, first);
  world.pass(60);
  assert.equal((await scan(world)).isSame, true);
  world.pass(12 * 3600);
  const late = await scan(world);
  assert.equal(late.isSame, false, "policies ask for scans of the last day");
  await attach(world, late);
  world.pass(60);
  const { put } = makeFeedWorld(t);
  await addFeed(
    world.controller.ctx,
    put("kev.json", JSON.stringify(exploited).replace("CVE-2024-0001", "CVE-2024-9999")),
  );
  assert.equal((await scan(world)).isSame, false, "another source was asked");
});

const vex = {
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://shop.example/vex/1",
  author: "Ana <ana@shop.example>",
  timestamp: "2026-11-21T10:00:00Z",
  version: 1,
  statements: [
    {
      vulnerability: { name: "CVE-2024-0001" },
      products: [{ "@id": "pkg:deb/debian/openssl" }],
      status: "not_affected",
      justification: "vulnerable_code_not_present",
      expires,
    },
  ],
};

const excepted = ({ result }: Scanned): readonly (string | undefined)[] =>
  result.findings.map(({ exception }) => exception?.owner);

test("exceptions hold that a scanner attached to the image, and by no other's word", async (t) => {
  const world = await open(t);
  const { builder, scanner } = world.keys;
  assert.deepEqual(excepted(await scan(world)), [undefined]);
  await world.push(await sign(builder, "vex", { image: world.image, predicate: vex }), { image: world.image });
  assert.deepEqual(excepted(await scan(world)), [undefined], "one key a role");
  await world.push(await sign(scanner, "vex", { image: world.image, predicate: vex }), { image: world.image });
  assert.deepEqual(excepted(await scan(world)), ["Ana <ana@shop.example>"]);
  world.pass(90 * 86_400);
  assert.deepEqual(excepted(await scan(world)), [undefined], "it has expired");
});

test("what the newest scan of another scanner excepted holds to its end, and falls with the key", async (t) => {
  const world = await open(t);
  const exception = { status: "not_affected", reason: "no", owner: "Ana", document: "vex/web.json" } as const;
  const found = (version: string, more: { readonly expires?: string }) =>
    makeFinding({
      id: "CVE-2024-0001",
      package: { name: "openssl", version },
      exception: { ...exception, ...more },
    });
  await world.scan(world.image, [found("0.9-1", { expires })]);
  assert.deepEqual(excepted(await scan(world)), [undefined], "it was about another version");
  await world.scan(world.image, [found("1.0-1", {})]);
  assert.deepEqual(excepted(await scan(world)), [undefined], "it would never end");
  await world.scan(world.image, [found("1.0-1", { expires })]);
  const held = await scan(world);
  assert.deepEqual(excepted(held), ["Ana"]);
  await attach(world, held);
  assert.deepEqual(excepted(await scan(world)), ["Ana"]);
  const { id } = world.keys.scanner.key;
  await world.record(makeEvent("user:root", "revocation.made", { subject: { kind: "key", id }, reason: "stolen" }));
  assert.deepEqual(excepted(await scan(world)), [undefined], "our own scan, which took it over, does not keep it");
});

test("the controller's scanner has one key for one role, may do nothing, and signs nothing once that key is revoked", async (t) => {
  const world = await open(t);
  const { controller, record } = world;
  const { ledger, policies, ctx } = controller;
  const { key } = await openScannerKey(controller);
  const size = ledger.log.checkpoint().size;
  assert.equal((await openScannerKey(controller)).key.id, key.id);
  assert.equal(ledger.log.checkpoint().size, size, "registered once");
  const identity = present(findIdentity(ledger.state, ownScanner), ownScanner);
  assert.deepEqual([identity.roles, identity.groups], [[], []]);
  assert.deepEqual(
    identity.keys.map(({ id, use }) => [id, use]),
    [[key.id, "scanner"]],
  );
  const principal = toPrincipal(identity);
  assert.throws(() => assertRegistrable(principal.name, controller.settings.issuers), { code: "usage" });
  const [repository, environment] = ["shop/web", "staging"];
  const resources = [
    { kind: "image", repository },
    { kind: "controller" },
    { kind: "service", name: "web", environment },
    { kind: "environment", name: environment },
  ] as const;
  const moment = { state: ledger.state, now: ledger.now().getTime() / 1000 };
  const may = (action: Action): boolean =>
    resources.some((resource) => {
      const about = { principal, action, resource, environment, image: world.image.digest };
      return judge(policies, moment, about).permit;
    });
  assert.deepEqual(actions.filter(may), []);
  const subject = { kind: "key", id: key.id } as const;
  await record(makeEvent(system, "revocation.made", { subject, reason: "stolen" }));
  await assert.rejects(openScannerKey(controller), { code: "scanner-key-ended" });
  rmSync(join(ctx.home, "ledger/scanner.key"));
  const other = await openScannerKey(controller);
  assert.notEqual(other.key.id, key.id);
  assert.equal(readScannerKey(ctx).key.id, other.key.id);
  assert.deepEqual(
    listStatementKeys(ledger.state)
      .filter(({ principal: owner }) => owner === ownScanner)
      .map(({ status }) => status),
    ["active", "revoked"],
  );
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join as joinPath } from "node:path";
import { test, type TestContext } from "node:test";
import { eventFolder } from "../src/controller/controller.ts";
import { controllerFold } from "../src/controller/state/fold.ts";
import { IngotError } from "../src/ground/error.ts";
import { mount, mountFlags, unmount } from "../src/ground/libc.ts";
import { verifyLog } from "../src/ledger/verify/verify-log.ts";
import { verifyState } from "../src/ledger/verify/verify-state.ts";
import { readLogKey, verifierKey } from "../src/ledger/log/log-key.ts";
import { digestOf } from "../src/oci/digest.ts";
import { startController, type ControllerProcess } from "./support/controller-process.ts";
import { enrolAdmin, join, type Person } from "./support/controller-session.ts";
import { makeImage, pushImage, UnexpectedAnswer, type MadeImage } from "./support/registry-push.ts";
import { fillDisk, mountDisk } from "./support/small-disk.ts";

type OnDisk = {
  readonly home: string;
  readonly server: ControllerProcess;
  readonly admin: Person;
  readonly ci: Person;
};

/** A controller whose home is a disk of its own; undefined, with the test skipped, where this user may not mount one. */
async function startOnDisk(t: TestContext, size: string): Promise<OnDisk | undefined> {
  const running: ControllerProcess[] = [];
  const home = mountDisk(t, size, async () => {
    for (const one of running) await one.kill();
  });
  if (home === undefined) return undefined;
  const server = await startController({ home });
  running.push(server);
  const admin = await enrolAdmin(server);
  const ci = await join(admin, { principal: "workload:ci", roles: ["builder"] });
  return { home, server, admin, ci };
}

/** What a client is answered that cannot be served: the status of either API, and its words. */
async function refusalOf(
  work: Promise<unknown>,
): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof UnexpectedAnswer) return { status: error.status, text: error.message };
    if (error instanceof IngotError) return { status: 0, text: `${error.code} ${error.message} ${error.hint}` };
    throw error;
  }
}

function addIdentity({ api }: Person, name: string): Promise<unknown> {
  return api.post("/api/v1/identities", { principal: `user:${name}`, roles: [], groups: [], emails: [], keys: [] });
}

async function assertThere(person: Person, images: readonly MadeImage[]): Promise<void> {
  for (const { repository, tag, digest, blobs } of images) {
    const answer = await person.send("GET", `/v2/${repository}/manifests/${tag}`);
    const content = Buffer.from(await answer.arrayBuffer());
    assert.equal(digestOf(content), digest, `${repository}:${tag}: ${answer.status} ${content.toString()}`);
    for (const blob of blobs) {
      const got = await person.send("GET", `/v2/${repository}/blobs/${digestOf(blob)}`);
      assert.ok(Buffer.from(await got.arrayBuffer()).equals(blob));
    }
  }
}

function assertWhole(home: string): void {
  const folder = eventFolder(home);
  const key = verifierKey(readLogKey(joinPath(home, "ledger/events.key")));
  assert.deepEqual(verifyLog({ folder, verifierKey: key }).findings, []);
  const { findings, behind } = verifyState({ folder, fold: controllerFold });
  assert.deepEqual([findings, behind], [[], 0]);
  for (const name of readdirSync(joinPath(home, "store/blobs/sha256"))) {
    assert.equal(digestOf(readFileSync(joinPath(home, "store/blobs/sha256", name))), `sha256:${name}`);
  }
}

test("on a full disk pushes and records are refused with what to do, nothing acknowledged is lost, and with space the same process goes on", async (t) => {
  const world = await startOnDisk(t, "24m");
  if (world === undefined) return;
  const { home, server, admin, ci } = world;
  const images = [1, 2].map((number) => makeImage("shop/web", `t${number}`, randomBytes(200_000)));
  const unseen = makeImage("shop/web", "unseen", randomBytes(1000));
  for (const image of [...images, unseen]) await pushImage(ci, image);
  // A first pull is a decision, which is recorded.
  await assertThere(ci, images);
  const filler = fillDisk(home);
  const large = makeImage("shop/web", "large", randomBytes(400_000));
  const pushed = await refusalOf(pushImage(ci, large));
  assert.ok(pushed !== undefined && [503, 507].includes(pushed.status), JSON.stringify(pushed));
  assert.match(pushed.text, /no space is left.*free some space/i);
  const recorded: string[] = [];
  const refused: string[] = [];
  for (let at = 0; at < 30; at += 1) {
    const refusal = await refusalOf(addIdentity(admin, `person-${at}`));
    if (refusal === undefined) recorded.push(`user:person-${at}`);
    else refused.push(refusal.text);
  }
  assert.ok(refused.length > 0, "the disk was not full");
  for (const text of refused) assert.match(text, /(log-write-failed|disk-full).*no space is left.*free some space/);
  await assertThere(ci, images);
  const first = await ci.send("GET", "/v2/shop/web/manifests/unseen");
  assert.equal(first.status, 503, "what cannot be recorded is not decided");
  assert.doesNotMatch(await first.text(), new RegExp(home));
  rmSync(filler);
  await pushImage(ci, large);
  await addIdentity(admin, "later");
  await assertThere(ci, [...images, unseen, large]);
  const { identities } = await admin.api.get<{ identities: readonly { principal: string }[] }>("/api/v1/identities");
  const there = new Set(identities.map(({ principal }) => principal));
  assert.deepEqual(
    [...recorded, "user:later"].filter((one) => !there.has(one)),
    [],
  );
  assert.equal(there.size, recorded.length + 3, "and nothing that was refused came to be");
  assert.equal(await server.stop(), 0);
  assertWhole(home);
});

test("on a disk that became read-only everything that was acknowledged can be read, and what is new is refused until it can be written", async (t) => {
  const world = await startOnDisk(t, "24m");
  if (world === undefined) return;
  const { home, server, admin, ci } = world;
  const image = makeImage("shop/web", "1", randomBytes(10_000));
  await pushImage(ci, image);
  await assertThere(ci, [image]);
  // Over itself: what is open for writing stays so, as on a disk that the kernel made read-only after an error.
  mount(home, home, { flags: mountFlags.bind });
  mount("", home, { flags: mountFlags.bind | mountFlags.remount | mountFlags.readOnly });
  const next = makeImage("shop/web", "2", randomBytes(10_000));
  const pushed = await refusalOf(pushImage(ci, next));
  assert.equal(pushed?.status, 503, JSON.stringify(pushed));
  assert.match(pushed?.text ?? "", /disk is read-only.*mount it for writing/);
  const recorded = await refusalOf(addIdentity(admin, "nobody"));
  assert.match(recorded?.text ?? "", /(log-write-failed|disk-read-only).*disk is read-only.*mount it for writing/);
  await assertThere(ci, [image]);
  assert.equal((await fetch(`${server.url}/api/v1/controller`)).status, 200);
  unmount(home);
  await pushImage(ci, next);
  await addIdentity(admin, "somebody");
  await assertThere(ci, [image, next]);
  assert.equal(await server.stop(), 0);
  assertWhole(home);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { test } from "node:test";
import { eventFolder, signatureFolder } from "../src/controller/controller.ts";
import { openTestController } from "../src/controller/controller.fixture.ts";
import { openRegistry, registryFolder } from "../src/controller/registry/registry.ts";
import { controllerFold } from "../src/controller/state/fold.ts";
import { makeSigner } from "../src/evidence/statement/statement.fixture.ts";
import type { NumberedEvent } from "../src/ledger/event.ts";
import { readLogKey, verifierKey } from "../src/ledger/log/log-key.ts";
import { decodeEvent } from "../src/ledger/event-entry.ts";
import { verifyLog } from "../src/ledger/verify/verify-log.ts";
import { verifyState } from "../src/ledger/verify/verify-state.ts";
import { digestOf } from "../src/oci/digest.ts";
import { startController, type ControllerProcess } from "./support/controller-process.ts";
import { enrolAdmin, join, type Person } from "./support/controller-session.ts";
import { CrashLoad, type Acknowledged, type Crew } from "./support/crash-load.ts";
import { freePort } from "./support/daemon.ts";
import type { MadeImage } from "./support/registry-push.ts";

/** The full run is `npm run crash`: 500. */
const rounds = Number(process.env.INGOT_CRASH_ROUNDS ?? 6);

test("killed at random under pushes, approvals and appends, a controller loses and doubles nothing that it acknowledged", async (t) => {
  const home = mkdtempSync(joinPath(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-crash-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const listen = `127.0.0.1:${await freePort()}`;
  let server = await startController({ home, listen });
  t.after(() => server.kill());
  const crew = await gatherCrew(server);
  const load = new CrashLoad(crew);
  let checked = countsOf(load.acknowledged);
  for (let round = 1; round <= rounds; round += 1) {
    let isDown = false;
    const running = load.run(12, () => isDown);
    // The first moments of a process are its slowest: most kills come when it has warmed up.
    await sleep(randomInt(20, 700));
    isDown = true;
    await Promise.all([server.kill(), running]);
    // Also in the midst of a start, which repairs what the kill before left.
    if (round % 5 === 0) await startAndKill(home, listen);
    server = await startController({ home, listen });
    await checkSince(crew, load.acknowledged, checked);
    checked = countsOf(load.acknowledged);
  }
  assert.deepEqual(load.wrong, [], "a controller that lives answers what it was asked");
  await checkSince(crew, load.acknowledged, { images: 0, statements: 0 });
  assert.equal(await server.stop(), 0);
  await checkFiles(home, load.acknowledged);
  await t.test("what was never finished is swept after a day, and nothing else is left of it", async (sub) => {
    const { controller } = await openTestController(sub, { home, now: new Date(Date.now() + 25 * 3_600_000) });
    const registry = openRegistry(controller);
    await registry.close();
    assert.deepEqual(readdirSync(joinPath(registryFolder(home), "uploads")), []);
  });
  t.diagnostic(`${rounds} kills; acknowledged: ${JSON.stringify(countsOf(load.acknowledged))}`);
});

async function gatherCrew(server: ControllerProcess): Promise<Crew> {
  const admin = await enrolAdmin(server);
  const [builderKey, approverKey] = [makeSigner("builder"), makeSigner("approver")];
  const ci = await join(admin, { principal: "workload:ci", roles: ["builder"], signers: [builderKey] });
  const approver = await join(admin, { principal: "user:alice", roles: ["approver"], signers: [approverKey] });
  const policies = [{ environment: "production", approvals: 2, files: [] }];
  const applied = await admin.api.post<{ policies: readonly { policy: { digest: string } }[] }>("/api/v1/policies", {
    policies,
  });
  return { admin, ci, approver, builderKey, approverKey, policyDigest: applied.policies[0]?.policy.digest ?? "" };
}

type Counts = Readonly<Record<keyof Acknowledged, number>>;

function countsOf({ images, statements, identities, environments }: Acknowledged): Counts {
  return {
    images: images.length,
    statements: statements.length,
    identities: identities.length,
    environments: environments.length,
  };
}

/** Kills a process that has not said yet that it serves. */
async function startAndKill(home: string, listen: string): Promise<void> {
  const program = joinPath(import.meta.dirname, "../bin/ingot");
  const child = spawn(program, ["serve", "--listen", listen, "--runtime", "none"], {
    env: { ...process.env, INGOT_HOME: home },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  await sleep(randomInt(300, 900));
  child.kill("SIGKILL");
  await ended;
}

/** Asks the process that lives now for everything that earlier ones acknowledged. */
async function checkSince(
  { admin }: Crew,
  acknowledged: Acknowledged,
  since: Pick<Counts, "images" | "statements">,
): Promise<void> {
  for (const image of acknowledged.images.slice(since.images)) await checkImage(admin, image);
  for (const { manifest, image } of acknowledged.statements.slice(since.statements)) {
    const answer = await admin.send("GET", `/v2/${image.repository}/referrers/${image.digest}`);
    const { manifests } = (await answer.json()) as { manifests: readonly { digest: string }[] };
    assert.ok(
      manifests.some(({ digest }) => digest === manifest),
      `the statement ${manifest} was acknowledged, and is gone`,
    );
  }
  const { identities } = await admin.api.get<{ identities: readonly { principal: string }[] }>("/api/v1/identities");
  assertHas(
    identities.map(({ principal }) => principal),
    acknowledged.identities,
  );
  const { policies } = await admin.api.get<{ policies: readonly { environment: string }[] }>("/api/v1/policies");
  assertHas(
    policies.map(({ environment }) => environment),
    acknowledged.environments,
  );
}

async function checkImage(person: Person, { repository, tag, digest, blobs }: MadeImage): Promise<void> {
  const manifest = await person.send("GET", `/v2/${repository}/manifests/${tag}`);
  assert.equal(digestOf(Buffer.from(await manifest.arrayBuffer())), digest, `${repository}:${tag}`);
  for (const blob of blobs) {
    const answer = await person.send("GET", `/v2/${repository}/blobs/${digestOf(blob)}`);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(blob), `a blob of ${repository}:${tag}`);
  }
}

function assertHas(all: readonly string[], wanted: readonly string[]): void {
  const there = new Set(all);
  assert.deepEqual(
    wanted.filter((one) => !there.has(one)),
    [],
    "acknowledged, and gone",
  );
}

/** Without a process: the logs, the state and the store as they are on disk. */
async function checkFiles(home: string, acknowledged: Acknowledged): Promise<void> {
  const events: NumberedEvent[] = [];
  const log = verifyLog({
    folder: eventFolder(home),
    verifierKey: verifierKeyOf(home, "events"),
    checkEntry: (entry, index) => void events.push(decodeEvent(entry, index)),
  });
  assert.deepEqual(log.findings, []);
  const signatures = verifyLog({
    folder: signatureFolder(home),
    verifierKey: verifierKeyOf(home, "signatures"),
    checkEntry: () => undefined,
  });
  assert.deepEqual(signatures.findings, []);
  const { findings, behind } = verifyState({ folder: eventFolder(home), fold: controllerFold });
  assert.deepEqual([findings, behind], [[], 0], "the state is the fold of the events");
  assertOnce(events, acknowledged);
  for (const name of readdirSync(joinPath(home, "store/blobs/sha256"))) {
    const content = readFileSync(joinPath(home, "store/blobs/sha256", name));
    assert.equal(digestOf(content), `sha256:${name}`, "a blob is whole or not there");
  }
}

/** Everything that was acknowledged has one event, and nothing has two. */
function assertOnce(events: readonly NumberedEvent[], acknowledged: Acknowledged): void {
  const counts = new Map<string, number>();
  for (const { type, data } of events) {
    const key = keyOf(type, data);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts].filter(([, count]) => count !== 1),
    [],
    "doubled",
  );
  const wanted = [
    ...acknowledged.images.map(({ repository, tag, digest }) => `tag.set ${repository}:${tag} ${digest}`),
    ...acknowledged.images.map(({ repository, digest }) => `manifest.pushed ${repository}@${digest}`),
    ...acknowledged.statements.map(({ manifest }) => `statement.accepted ${manifest}`),
    ...acknowledged.identities.map((principal) => `identity.added ${principal}`),
    ...acknowledged.environments.map((environment) => `policy.applied ${environment}`),
  ];
  assertHas([...counts.keys()], wanted);
}

function keyOf(type: string, data: Readonly<Record<string, unknown>>): string | undefined {
  const { repository, digest, tag, manifest, principal, environment } = data as Readonly<Record<string, string>>;
  switch (type) {
    case "tag.set":
      return `${type} ${repository}:${tag} ${digest}`;
    case "manifest.pushed":
      return `${type} ${repository}@${digest}`;
    case "statement.accepted":
      return `${type} ${manifest}`;
    case "identity.added":
      return `${type} ${principal}`;
    case "policy.applied":
      return `${type} ${environment}`;
    default:
      return undefined;
  }
}

function verifierKeyOf(home: string, log: "events" | "signatures"): string {
  return verifierKey(readLogKey(joinPath(home, `ledger/${log}.key`)));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

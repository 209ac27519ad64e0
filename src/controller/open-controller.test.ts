import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { freePort } from "../../test/support/daemon.ts";
import { processContext, type Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { makeKey } from "../ledger/witness/witness.fixture.ts";
import { witnessVerifierKey } from "../ledger/witness/cosignature.ts";
import { parseVerifierKey } from "../ledger/log/verifier-key.ts";
import type { NumberedEvent } from "../ledger/event.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { makeEvent, system, type EventData } from "./events/events.ts";
import { openController } from "./open-controller.ts";
import { readSettings } from "./read-settings.ts";

function makeHome(t: TestContext): Context {
  const home = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-open-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return processContext({ home, env: {}, report: { ...processContext({ home, env: {} }).report, warn: () => {} } });
}

test("a controller that waits for its first witness says by which command that starts, with the log's key", async (t) => {
  const ctx = makeHome(t);
  const key = witnessVerifierKey(makeKey("witness.example/w1"));
  const witnesses = { required: 1, known: [{ url: `http://127.0.0.1:${await freePort()}`, key }] };
  const error: unknown = await openController(ctx, { ...readSettings(ctx), witnesses }).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IngotError && error.code === "witness-unreachable");
  const [, vkey = "none"] = /: ingot witness serve --log (\S+)$/.exec(error.hint ?? "") ?? [];
  assert.equal(parseVerifierKey(vkey, "the hint").name, "127.0.0.1/events");
});

test("a home that a controller has is told from one that is only busy", async (t) => {
  const ctx = makeHome(t);
  const controller = await openController(ctx, readSettings(ctx));
  t.after(() => controller.close());
  await assert.rejects(openController(ctx, readSettings(ctx)), {
    code: "locked-by-another",
    message: new RegExp(`^a controller is running in ${ctx.home} already: .*\\(${process.pid}\\)`),
  });
});

test("the policies that a release ships are on the record once, and again when another release ships others", async (t) => {
  const ctx = makeHome(t);
  const shipped = async (change?: (ledger: Ledger) => Promise<unknown>): Promise<readonly NumberedEvent[]> => {
    const controller = await openController(ctx, readSettings(ctx));
    await change?.(controller.ledger);
    const events = [...controller.ledger.events()].filter(({ type }) => type === "policy.shipped");
    await controller.close();
    return events;
  };
  const [first, ...more] = await shipped();
  assert.deepEqual(more, []);
  const { files = [] } = (first?.data ?? {}) as Partial<EventData["policy.shipped"]>;
  assert.deepEqual(
    files.map(({ name }) => name),
    ["roles.cedar", "environment.cedar"],
  );
  assert.match(files[1]?.text ?? "", /@id\("approvals"\)/);
  // As if another release had run here last.
  const other = makeEvent(system, "policy.shipped", {
    release: "0.0.9",
    digest: `sha256:${"0".repeat(64)}`,
    files: [],
  });
  assert.equal((await shipped((ledger) => ledger.transact(() => ({ events: [other], result: undefined })))).length, 2);
  assert.equal((await shipped()).length, 3);
  assert.equal((await shipped()).length, 3);
});

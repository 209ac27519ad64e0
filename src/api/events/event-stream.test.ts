import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { freePort } from "../../../test/support/daemon.ts";
import { thrownBy } from "../../../test/support/thrown-error.ts";
import { openTestController } from "../../controller/controller.fixture.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { processContext } from "../../ground/context.ts";
import type { NewEvent, NumberedEvent } from "../../ledger/event.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { serve } from "../api.ts";
import { followEvents, type FollowOptions } from "../client/follow-events.ts";
import { enterAs, startRegistry, type TestRegistry } from "../registry/registry.fixture.ts";
import { serverLimits } from "../server-limits.ts";
import { openServerLog } from "../server-log.ts";
import { streamEvents } from "./event-stream.ts";

function policyOf(environment: string, text = ""): NewEvent {
  const files = text === "" ? [] : [{ name: "some.cedar", text }];
  return makeEvent("user:admin", "policy.applied", {
    environment,
    approvals: 1,
    files,
    digest: `sha256:${environment}`,
  });
}

async function record(
  { controller: { ledger } }: Pick<TestRegistry, "controller">,
  ...events: readonly NewEvent[]
): Promise<void> {
  await ledger.transact(() => ({ events, result: undefined }));
}

/** Follows until it has as many as are wanted. */
async function take(
  world: { readonly url: string },
  token: string,
  { count, ...options }: FollowOptions & { readonly count: number },
): Promise<readonly NumberedEvent[]> {
  const ending = new AbortController();
  const ctx = processContext({ signal: AbortSignal.any([ending.signal, AbortSignal.timeout(20_000)]) });
  const taken: NumberedEvent[] = [];
  for await (const event of followEvents(ctx, { url: world.url, token: async () => token }, options)) {
    taken.push(event);
    if (taken.length === count) ending.abort();
  }
  return taken;
}

test("a follower gets every event once, in order, under its number, those of the past and those to come", async (t) => {
  const world = await startRegistry(t);
  const size = world.controller.ledger.log.checkpoint().size;
  const taking = take(world, world.admin.token, { from: 0, count: size + 600 });
  // More than an entry bundle, while somebody reads.
  for (let at = 0; at < 20; at += 1) {
    await record(world, ...Array.from({ length: 30 }, (_, of) => policyOf(`e${at}-${of}`)));
  }
  const taken = await taking;
  assert.deepEqual(
    taken.map(({ index }) => index),
    Array.from({ length: size + 600 }, (_, index) => index),
  );
  assert.deepEqual(taken.at(-1), world.controller.ledger.event(size + 599));
});

test("without a beginning it gets only what happens from then on, and of the types that it asked for", async (t) => {
  const world = await startRegistry(t);
  const taking = take(world, world.admin.token, { types: ["policy.*", "tag.set"], count: 2 });
  const ending = new AbortController();
  const isFollowing = sleep(300, undefined, { signal: ending.signal });
  await isFollowing;
  const key = { id: "00", pem: "", use: "identity" } as const;
  await record(
    world,
    policyOf("one"),
    makeEvent("user:admin", "key.registered", { principal: "user:admin", key }),
    makeEvent("user:admin", "tag.set", { repository: "a", tag: "b", digest: "sha256:c" }),
  );
  assert.deepEqual(
    (await taking).map(({ type }) => type),
    ["policy.applied", "tag.set"],
  );
});

test("a client that was cut off says what it saw last and gets what came after; one that saw what never was is told", async (t) => {
  const world = await startRegistry(t);
  await record(world, policyOf("one"), policyOf("two"));
  const { size } = world.controller.ledger.log.checkpoint();
  const first = await world.admin.send("GET", "/api/v1/events", { headers: { "last-event-id": String(size - 2) } });
  const { value } = await first.body!.pipeThrough(new TextDecoderStream()).getReader().read();
  assert.match(value ?? "", new RegExp(`^retry: 1000\nid: ${size - 2}\n\n`));
  const beyond = await world.admin.send("GET", "/api/v1/events", { headers: { "last-event-id": String(size) } });
  assert.equal(beyond.status, 400);
  assert.match(await beyond.text(), /there is no event #\d+ yet/);
});

test("who may not read what is on the record gets no stream of it", async (t) => {
  const world = await startRegistry(t);
  await record(world, policyOf("staging"));
  const host = await world.enter("workload:host", ["host"], "staging");
  const error = await thrownBy(take(world, host, { count: 1 }));
  assert.equal(error.code, "policy-denied");
  assert.match(error.message, /workload:host may not audit the controller/);
  const answer = await fetch(`${world.url}/api/v1/events`, { headers: { authorization: `Bearer ${host}` } });
  assert.equal(answer.status, 403);
});

test("a stream ends with its token, and with the identity or the role that it rests on", async (t) => {
  const world = await startRegistry(t);
  const tokens = await Promise.all(["user:ann", "user:ben", "user:cleo"].map((name) => world.enter(name, ["auditor"])));
  const [ann, ben, cleo] = tokens.map((token) => thrownBy(take(world, token, { count: 1000 })));
  await sleep(300);
  await record(world, makeEvent("user:admin", "identity.removed", { principal: "user:ben", reason: "" }));
  assert.equal((await ben)?.code, "token-invalid");
  const standing = { principal: "user:cleo", kind: "user", roles: [], groups: [], emails: [] } as const;
  await record(world, makeEvent("user:admin", "identity.added", standing));
  assert.equal((await cleo)?.code, "policy-denied");
  world.pass(3601);
  await record(world, policyOf("later"));
  assert.equal((await ann)?.code, "token-expired");
});

test("a quiet stream says that it lives", async (t) => {
  const { controller } = await openTestController(t);
  const ending = new AbortController();
  const { size } = controller.ledger.log.checkpoint();
  const options = { from: size, types: [], signal: ending.signal, recheck: async () => {}, heartbeat: 20 };
  const reader = streamEvents(controller.ledger, options).body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  assert.equal((await reader.read()).value, ": still here\n\n");
  assert.equal((await reader.read()).value, ": still here\n\n");
  ending.abort();
  assert.equal((await reader.read()).done, true);
});

test("a reader that never reads makes the server read no further, and is let go", async (t) => {
  const { controller, ctx, url, read } = await startSlow(t, 500);
  const token = await enterAs({ controller, ctx }, { principal: "user:admin", roles: ["admin"] });
  const text = "x".repeat(50_000);
  for (let at = 0; at < 16; at += 1) {
    await record({ controller }, ...Array.from({ length: 16 }, (_, of) => policyOf(`e${at}-${of}`, text)));
  }
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  t.after(() => socket.destroy());
  socket.pause();
  const head = `GET /api/v1/events?from=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  socket.write(head);
  await sleep(250);
  const soFar = read();
  assert.ok(soFar > 0, "it was served");
  await sleep(150);
  assert.equal(read(), soFar, "and nothing more was read for it");
  assert.ok(soFar < 256, `${soFar} events of 13 MB were read for who takes none`);
  // It was let go: what is left in the sockets' buffers comes, and then the end.
  await sleep(1000);
  socket.resume();
  await once(socket, "close");
  assert.ok(socket.bytesRead < 12_500_000, `${socket.bytesRead} bytes`);
});

/** A server that lets go of who is silent for so many milliseconds, and counts the events that it read. */
async function startSlow(
  t: TestContext,
  silence: number,
): Promise<Awaited<ReturnType<typeof openTestController>> & { readonly url: string; readonly read: () => number }> {
  const port = await freePort();
  const settings = { baseUrl: `http://127.0.0.1:${port}`, listen: { host: "127.0.0.1", port } };
  const world = await openTestController(t, { settings });
  const { ledger } = world.controller;
  let count = 0;
  const counting: Ledger = {
    ...ledger,
    *events(from) {
      for (const event of ledger.events(from)) {
        count += 1;
        yield event;
      }
    },
  };
  const limits = { ...serverLimits, silence };
  const served = await serve(
    { ...world.controller, ledger: counting },
    { log: openServerLog({ level: "silent" }), limits },
  );
  t.after(() => served.close());
  return { ...world, url: served.url, read: () => count };
}

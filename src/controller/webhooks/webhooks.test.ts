import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openTestController, type TestController } from "../controller.fixture.ts";
import { makeEvent, system } from "../events/events.ts";
import { openWebhooks, type Webhooks } from "./webhooks.ts";

type Got = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A server that keeps what it is sent, and answers with the next of `answers`, then 204. */
async function listen(t: TestContext, answers: (number | "hang up")[] = []): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const answer = answers.shift() ?? 204;
      if (answer === "hang up") return request.socket.destroy();
      got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      return response.writeHead(answer, { location: "/elsewhere" }).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

const key = randomBytes(32);
const retry = { first: 5, longest: 20, giveUpAfter: 60_000 };

type Opened = { readonly hooks: Webhooks; readonly problems: object[] };

function open(
  t: TestContext,
  { controller, ctx }: TestController,
  options: { url: string; events?: string[]; giveUpAfter?: number },
): Opened {
  const secretFile = join(ctx.home, "hook.secret");
  writeFileSync(secretFile, `whsec_${key.toString("base64")}\n`, { mode: 0o600 });
  const problems: object[] = [];
  const hooks = openWebhooks(ctx, controller.ledger, {
    webhooks: [{ name: "chat", url: options.url, events: options.events ?? [], secretFile }],
    onProblem: (message, values) => problems.push({ message, ...values }),
    retry: { ...retry, ...(options.giveUpAfter === undefined ? {} : { giveUpAfter: options.giveUpAfter }) },
  });
  t.after(() => hooks.close());
  return { hooks, problems };
}

async function append({ controller }: TestController, tag: string): Promise<number> {
  const event = makeEvent(system, "tag.set", { repository: "shop/web", tag, digest: `sha256:${"a".repeat(64)}` });
  const { events } = await controller.ledger.transact(() => ({ events: [event], result: undefined }));
  return events[0]?.index ?? -1;
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition(); await sleep(5))
    assert.ok(Date.now() < end, "it did not come to be");
}

function numbers(got: readonly Got[]): number[] {
  return got.map(({ body }) => (JSON.parse(body) as { number: number }).number);
}

test("every event is told once, in order, with a signature by the scheme of Standard Webhooks", async (t) => {
  const opened = await openTestController(t);
  const { url, got } = await listen(t);
  open(t, opened, { url });
  const wanted = [await append(opened, "1"), await append(opened, "2"), await append(opened, "3")];
  await until(() => got.length === 3);
  assert.deepEqual(numbers(got), wanted);
  for (const { headers, body } of got) {
    const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
    const expected = createHmac("sha256", key).update(signed).digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${expected}`);
  }
  assert.match(
    String((JSON.parse(got[0]?.body ?? "") as { text: string }).text),
    /^system:controller tagged shop\/web@/,
  );
});

test("what is not taken is tried again, in order, and a redirect is no answer", async (t) => {
  const opened = await openTestController(t);
  const { url, got } = await listen(t, [500, "hang up", 302, 204]);
  const { hooks, problems } = open(t, opened, { url });
  const wanted = [await append(opened, "1"), await append(opened, "2")];
  await until(() => hooks.status()[0]?.delivered === 2);
  assert.deepEqual([...new Set(numbers(got))], wanted);
  assert.equal(hooks.status()[0]?.failed, 3);
  assert.equal(problems.length, 3);
  assert.ok(!JSON.stringify(problems).includes(url), "the address is not told");
});

test("after a restart it goes on where it was, and a new webhook does not begin with the past", async (t) => {
  const opened = await openTestController(t);
  await append(opened, "before");
  const { url, got } = await listen(t);
  const first = open(t, opened, { url });
  const one = await append(opened, "1");
  await until(() => got.length === 1);
  await first.hooks.close();
  const meanwhile = await append(opened, "2");
  open(t, opened, { url });
  const after = await append(opened, "3");
  await until(() => got.length === 3);
  assert.deepEqual(numbers(got), [one, meanwhile, after]);
});

test("only the types that are wanted are told", async (t) => {
  const opened = await openTestController(t);
  const { url, got } = await listen(t);
  const { hooks } = open(t, opened, { url, events: ["rollout.*", "drift.found"] });
  const index = await append(opened, "1");
  await until(() => hooks.status()[0]?.next === index + 1);
  assert.equal(got.length, 0);
});

test("what is refused for too long is given up, and so is all when the other side is gone; both are told", async (t) => {
  const opened = await openTestController(t);
  const { url } = await listen(t, [410, 500, 500]);
  const { hooks, problems } = open(t, opened, { url, giveUpAfter: 0 });
  await append(opened, "1");
  await append(opened, "2");
  await until(() => hooks.status()[0]?.dropped === 2);
  assert.equal(problems.filter((one) => JSON.stringify(one).includes("given up")).length, 2);
});

test("where it got to cannot be written: that is told, the controller lives on, and it goes on once it can be", async (t) => {
  const opened = await openTestController(t);
  const { url, got } = await listen(t);
  const { problems } = open(t, opened, { url });
  const cursor = join(opened.ctx.home, "webhooks/chat");
  rmSync(cursor);
  mkdirSync(join(cursor, "in the way"), { recursive: true });
  const index = await append(opened, "1");
  await until(() => problems.length > 0);
  rmSync(cursor, { recursive: true });
  const next = await append(opened, "2");
  await until(() => numbers(got).includes(next));
  assert.ok(numbers(got).includes(index));
});

test("a secret that others can read, or that is none, is refused", async (t) => {
  const opened = await openTestController(t);
  const { url } = await listen(t);
  const { hooks } = open(t, opened, { url });
  await hooks.close();
  const path = join(opened.ctx.home, "hook.secret");
  const again = (): Webhooks =>
    openWebhooks(opened.ctx, opened.controller.ledger, {
      webhooks: [{ name: "chat", url, events: [], secretFile: path }],
      onProblem: () => {},
    });
  chmodSync(path, 0o644);
  assert.throws(again, { code: "key-exposed" });
  writeFileSync(path, "whsec_c2hvcnQ=\n");
  chmodSync(path, 0o600);
  assert.throws(again, { code: "settings-malformed" });
});

test("the address of a webhook, which may hold a token, is not on the record", async (t) => {
  const webhooks = [{ name: "chat", url: "https://chat.example/T0KEN", events: [], secretFile: "/etc/ingot/hook" }];
  const { controller } = await openTestController(t, { settings: { webhooks } });
  const log = [...controller.ledger.events(0)].map((event) => JSON.stringify(event)).join("\n");
  assert.match(log, /chat\.example/);
  assert.ok(!log.includes("T0KEN"));
  assert.ok(!readFileSync(join(controller.ctx.home, "ledger/state.db")).includes("T0KEN"));
});

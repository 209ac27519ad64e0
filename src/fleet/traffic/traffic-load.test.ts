import assert from "node:assert/strict";
import { test } from "node:test";
import { startTrafficLoad } from "../../../test/support/traffic-load.ts";
import { openProxy, skipWithoutHaproxy, until } from "./traffic.fixture.ts";

test(
  "servers are replaced again and again, and the proxy itself, without one lost request",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    let set = [await proxy.server("v1-a"), await proxy.server("v1-b")];
    await proxy.apply(set.map((one) => one.as("in")));
    const load = startTrafficLoad({ port: proxy.port });
    await until(() => load.summary().ok > 30 && load.summary().websockets.exchanges > 10);

    for (const version of ["v2", "v3"]) {
      // Rolling: each is admitted in the same move in which another is switched out, and is then drained and ended.
      for (const [index, old] of set.entries()) {
        const isLast = version === "v3" && index === 0;
        const fresh = await proxy[isLast ? "process" : "server"](`${version}-${index}`);
        const others = set.filter((one) => one !== old);
        await proxy.apply([...others.map((one) => one.as("in")), fresh.as("in"), old.as("draining")]);
        set = set.map((one) => (one === old ? fresh : one));
        // WebSockets stay as long as they are let; requests under way end by themselves.
        await until(async () => (await proxy.sessions(old)) <= (load.summary().websockets.open[old.name] ?? 0));
        await proxy.apply(set.map((one) => one.as("in")));
        await old.kill();
      }
    }
    assert.deepEqual(load.summary().failures, []);

    // Another hold: the process gives its place to a new one, on the same address.
    const before = proxy.pids();
    await proxy.apply(
      set.map((one) => one.as("in")),
      { hold: 4000 },
    );
    assert.notDeepEqual(proxy.pids(), before);
    await serveMore(load);
    assert.deepEqual(load.summary().failures, []);

    // SIGKILL to one of two that serve, while the controller does nothing: what it was answering is lost, and nothing else.
    const [victim, survivor] = set;
    assert.ok(victim && survivor);
    await victim.kill();
    const killed = Date.now();
    await serveMore(load);
    await proxy.apply([survivor.as("in")]);
    const end = await load.stop();
    const lost = end.failures.filter(({ began }) => began > killed);
    assert.deepEqual(lost, [], "requests that began after the kill");
    // What may be sent twice was; a body that had begun to come, or might have been taken, is lost with the server.
    const kinds = end.failures.map(({ kind }) => kind).filter((kind) => !/^(post|trickle|large|reader)$/.test(kind));
    assert.deepEqual(kinds, []);
    for (const kind of ["keep-alive", "fresh", "post", "late", "large", "reader", "trickle", "websocket"])
      assert.ok((end.kinds[kind]?.ok ?? 0) > 0, `no ${kind}`);
    t.diagnostic(
      `${end.ok} requests, ${end.websockets.exchanges} by WebSocket, longest ${end.longest} ms, ${end.failed} lost by SIGKILL`,
    );
  },
);

async function serveMore(load: ReturnType<typeof startTrafficLoad>): Promise<void> {
  const { ok } = load.summary();
  await until(() => load.summary().ok > ok + 150);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptTraffic } from "./kept-traffic.ts";
import { proxyConfig } from "./proxy-config.ts";
import { idOf } from "./traffic.fixture.ts";
import { trafficPaths } from "./traffic-paths.ts";
import type { WantedTraffic } from "./traffic.ts";

const key = { environment: "testing", service: "web" };
const host = { user: { name: "nobody", group: "nogroup" }, threads: 2, connections: 100, held: 10 };

function configOf(changes: Partial<WantedTraffic> = {}, size = 2): { shape: string; text: string } {
  const servers = [{ id: idOf("web-a"), address: "2001:db8::1", port: 8080, status: "in" as const }];
  const wanted: WantedTraffic = { listen: { host: "::1", port: 80, mode: "http" }, hold: 1000, servers, ...changes };
  const kept: KeptTraffic = { key, wanted, slots: new Map([[idOf("web-a"), 1]]), size };
  const { shape, text } = proxyConfig(kept, trafficPaths("/var/lib/ingot", key), host);
  return { shape, text: text(7) };
}

test("a slow client cannot hold a connection with half a request, and no banner is sent", () => {
  const { text } = configOf();
  assert.match(text, /^ {2}timeout http-request 10s$/m);
  assert.match(text, /^ {2}maxconn 100$/m);
  assert.match(text, /^ {2}chroot /m);
  assert.doesNotMatch(text, /stats (uri|enable)|server-state/);
});

test("only what HAProxy cannot change while it runs is a reason for another process", () => {
  const { shape } = configOf();
  assert.equal(configOf({ servers: [] }).shape, shape);
  const others = [
    configOf({ hold: 2000 }),
    configOf({ listen: { host: "::1", port: 81, mode: "http" } }),
    configOf({ listen: { host: "::1", port: 80, mode: "tcp" } }),
    configOf({ check: { path: "/health", interval: 1000 } }),
    configOf({}, 4),
  ];
  assert.equal(new Set([shape, ...others.map((one) => one.shape)]).size, 6);
});

test("a server is in it by its address, the others are places that are shut", () => {
  const { text } = configOf();
  assert.match(text, /^ {2}server s1 \[2001:db8::1\]:8080$/m);
  assert.match(text, /^ {2}server s2 0\.0\.0\.0:1 disabled$/m);
});

test("nothing that is wanted can say more than it is asked for", () => {
  for (const path of ["/a b", "/'", "/\n  server evil", "no-slash", "/\u00e9", "/\u007f"])
    assert.throws(() => configOf({ check: { path, interval: 1000 } }), { code: "proxy-failed" });
  for (const address of ["localhost", "127.0.0.1:80 check", "::1\n", ""]) {
    const servers = [{ id: idOf("web-a"), address, port: 1, status: "in" as const }];
    assert.throws(() => configOf({ servers }), { code: "proxy-failed" });
  }
  for (const port of [0, 65_536, 1.5, Number.NaN])
    assert.throws(() => configOf({ listen: { host: "::1", port, mode: "http" } }), { code: "proxy-failed" });
});

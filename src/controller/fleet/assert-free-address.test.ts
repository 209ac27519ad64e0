import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import test, { type TestContext } from "node:test";
import { rememberProcess } from "../../fleet/traffic/proxy-process.ts";
import { trafficPaths } from "../../fleet/traffic/traffic-paths.ts";
import { identifyProcess } from "../../runtime/process-identity.ts";
import { openTestController } from "../controller.fixture.ts";
import { assertFreeAddress } from "./assert-free-address.ts";

const key = { environment: "testing", service: "app" } as const;

test("an address that the service's own proxy still has is free for it, and for nobody else", async (t) => {
  const { controller, ctx } = await openTestController(t);
  const at = { home: ctx.home, state: controller.ledger.state };
  const listen = { host: "127.0.0.1", port: await listenSomewhere(t), mode: "http" } as const;
  const message = new RegExp(`process ${process.pid}`);
  assert.throws(() => assertFreeAddress(at, key, { listen }), { code: "address-taken", message });
  const paths = trafficPaths(ctx.home, key);
  const identity = identifyProcess(process.pid);
  assert.ok(identity !== undefined);
  mkdirSync(paths.folder, { recursive: true });
  rememberProcess(paths, identity);
  assertFreeAddress(at, key, { listen });
  assert.throws(() => assertFreeAddress(at, { ...key, service: "other" }, { listen }), { code: "address-taken" });
});

test("an address that this host does not have is refused", async (t) => {
  if (["4", "6"].some((family) => readFileSync(`/proc/sys/net/ipv${family}/ip_nonlocal_bind`, "utf8").trim() === "1"))
    return t.skip("this host may listen at any address (ip_nonlocal_bind)");
  const { controller, ctx } = await openTestController(t);
  const at = { home: ctx.home, state: controller.ledger.state };
  const listenAt = (host: string) => ({ listen: { host, port: 1, mode: "http" } }) as const;
  // RFC 5737 and RFC 3849: addresses for documentation, which no host has.
  for (const host of ["192.0.2.1", "2001:db8::1"])
    assert.throws(() => assertFreeAddress(at, key, listenAt(host)), { code: "address-not-here" });
  for (const host of ["0.0.0.0", "::", "127.0.0.9"]) assertFreeAddress(at, key, listenAt(host));
});

async function listenSomewhere(t: TestContext): Promise<number> {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

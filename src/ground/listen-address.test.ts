import assert from "node:assert/strict";
import test from "node:test";
import { isLoopbackAddress, parseListenAddress, urlHost } from "./listen-address.ts";

test("an address and port are read, of IPv6 in brackets, and nothing else is", () => {
  assert.deepEqual(parseListenAddress("127.0.0.1:8701"), { host: "127.0.0.1", port: 8701 });
  assert.deepEqual(parseListenAddress("[::1]:0"), { host: "::1", port: 0 });
  for (const text of [
    "",
    ":80",
    "8701",
    "localhost:8701",
    "127.0.0.1",
    "127.0.0.1:65536",
    "::1:80",
    "[127.0.0.1]:80",
    "1.2.3.4:8o",
  ])
    assert.throws(() => parseListenAddress(text), { code: "settings-malformed" }, text);
});

test("loopback is what only this host can reach", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1"]) assert.ok(isLoopbackAddress(host), host);
  // The third one is a name that a server of names may give any address.
  for (const host of ["0.0.0.0", "::", "127.attacker.example", "10.0.0.1", "::ffff:10.0.0.1"])
    assert.ok(!isLoopbackAddress(host), host);
});

test("an IPv6 address stands in brackets in a URL", () => {
  assert.equal(urlHost("::1"), "[::1]");
  assert.equal(urlHost("127.0.0.1"), "127.0.0.1");
});

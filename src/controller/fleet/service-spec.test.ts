import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfiguration } from "../verbs/release-configuration.ts";
import { likenessOf } from "./likeness.ts";
import { readConfiguration } from "./service-configuration.ts";
import { serviceSpec } from "./service-spec.ts";

const of = { service: "web", environment: "production", number: 3, image: "sha256:1" };

function read(written: object, environment = of.environment) {
  return readConfiguration({ ...of, environment, configuration: parseConfiguration(written) });
}

test("a configuration that says nothing runs one instance, whose port is asked whether it takes connections", () => {
  const spec = serviceSpec(of, read({}), 8080);
  assert.equal(spec.replicas, 1);
  assert.equal(spec.listen, undefined);
  assert.deepEqual(spec.health, {
    probe: { kind: "tcp" },
    interval: 1000,
    timeout: 1000,
    healthyAfter: 2,
    unhealthyAfter: 3,
  });
  assert.deepEqual([spec.drain, spec.grace, spec.hold], [30_000, 10_000, 10_000]);
  assert.equal(spec.update.scaleDownDelay, 60_000);
  assert.deepEqual(serviceSpec(of, read({}), undefined).health.probe, { kind: "started" });
});

test("what an environment says goes before what the service says, and the rest stays", () => {
  const written = {
    replicas: 2,
    listen: "127.0.0.1:80",
    environment: { A: "1", B: "1" },
    secrets: { "/run/a": "a" },
    limits: { memory: "64M", pids: 10 },
    in: {
      production: {
        replicas: 5,
        listen: "[::1]:81",
        environment: { B: "2" },
        secrets: { "/run/b": "b" },
        limits: { pids: 20 },
      },
    },
  };
  const here = read(written);
  const { replicas, listen, environment, secrets, limits } = here;
  assert.deepEqual(
    { replicas, listen, environment, secrets, limits },
    {
      replicas: 5,
      listen: "[::1]:81",
      environment: { A: "1", B: "2" },
      secrets: { "/run/a": "a", "/run/b": "b" },
      limits: { memory: "64M", pids: 20 },
    },
  );
  assert.deepEqual(serviceSpec(of, here, 8080).listen, { host: "::1", port: 81, mode: "http" });
  const elsewhere = read(written, "staging");
  assert.deepEqual([elsewhere.replicas, elsewhere.environment], [2, { A: "1", B: "1" }]);
});

test("each kind of health check is taken with its times", () => {
  const probe = (health: object) => serviceSpec(of, read({ health }), 8080).health.probe;
  assert.deepEqual(probe({ get: "/health" }), { kind: "http", path: "/health" });
  assert.deepEqual(probe({ run: ["check", "-q"] }), { kind: "run", command: ["check", "-q"] });
  assert.deepEqual(probe({ tcp: true }), { kind: "tcp" });
  const { interval, unhealthyAfter } = serviceSpec(
    of,
    read({ health: { get: "/", interval: "250ms", unhealthy_after: 7 } }),
    8080,
  ).health;
  assert.deepEqual([interval, unhealthyAfter], [250, 7]);
});

test("what does not fit the image, or came without its content, cannot run", () => {
  const unusable = { code: "configuration-unusable" };
  assert.throws(() => serviceSpec(of, read({ listen: "127.0.0.1:80" }), undefined), unusable);
  assert.throws(() => serviceSpec(of, read({ health: { get: "/" } }), undefined), unusable);
  assert.throws(() => readConfiguration({ ...of, configuration: { files: { "/etc/x": { source: "x" } } } }), unusable);
  assert.throws(() => readConfiguration({ ...of, configuration: { replicas: "many" } }), unusable);
});

test("what no proxy and no timer could be given is refused before it is released", () => {
  const refused = (written: object) => assert.throws(() => parseConfiguration(written), { code: "request-malformed" });
  for (const get of ["/it's", "/\u00e9t\u00e9", "/a b", "/a\r\nset x", "/\u007f"]) refused({ health: { get } });
  for (const time of ["501h", "999999999h", "999999999m"]) {
    refused({ hold: time });
    refused({ drain: time });
    refused({ health: { get: "/", interval: time } });
    refused({ update: { bake: time } });
  }
  for (const time of ["0s", "9ms"]) {
    refused({ health: { get: "/", interval: time } });
    refused({ health: { get: "/", timeout: time } });
  }
  const spec = serviceSpec(of, read({ hold: "500h", health: { get: '/a%27?b=1#"\\', interval: "10ms" } }), 80);
  assert.ok(spec.hold + 10_000 < 2 ** 31);
  for (const listen of ["127.0.0.1:0", "999.0.0.1:80", "127.0.0.1:70000", "[::::]:80"]) {
    const of80 = (): unknown => serviceSpec(of, read({ listen }), 80);
    assert.throws(of80, { code: "configuration-unusable" }, listen);
  }
});

test("two releases are alike when an instance cannot tell them apart", () => {
  const like = (written: object, image = of.image) => likenessOf({ image }, read(written));
  const usual = like({});
  assert.equal(
    like({ replicas: 4, listen: "127.0.0.1:80", update: { strategy: "canary" }, health: { tcp: true } }),
    usual,
  );
  for (const other of [
    { environment: { A: "1" } },
    { files: { "/etc/x": { content: "x" } } },
    { secrets: { "/run/x": "x" } },
    { limits: { cpus: 2 } },
    { guard: { mode: "observe" } },
    { guard: { exceptions: [{ rule: "memfd-executable", reason: "a compiler" }] } },
  ])
    assert.notEqual(like(other), usual);
  assert.notEqual(like({}, "sha256:2"), usual);
});

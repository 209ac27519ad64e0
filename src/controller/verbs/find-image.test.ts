import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestController } from "../controller.fixture.ts";
import { findImage } from "./find-image.ts";
import { pushImage, record } from "./releases.fixture.ts";

const [web, worker, twin] = [`${"a".repeat(64)}`, `${"b".repeat(64)}`, `${"b".repeat(13)}${"0".repeat(51)}`].map(
  (digits) => `sha256:${digits}`,
) as [string, string, string];

test("an image is found by its name and tag, by its digest, and by the first digits of it that denials and tables show", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, ...pushImage("shop/web", web));
  const { state } = controller.ledger;
  const found = { repository: "shop/web", image: web };
  for (const text of ["shop/web:1", `shop/web@${web}`, web, "a".repeat(12), `sha256:${"a".repeat(20)}`])
    assert.deepEqual(findImage(state, text), found, text);
});

test("digits that begin two digests mean neither, and fewer than twelve are a name", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, ...pushImage("shop/worker", worker), ...pushImage("shop/twin", twin));
  const { state } = controller.ledger;
  assert.throws(() => findImage(state, "b".repeat(12)), { code: "reference-ambiguous", details: [twin, worker] });
  assert.equal(findImage(state, "b".repeat(14)).image, worker);
  assert.throws(() => findImage(state, "b".repeat(11)), { code: "image-not-pushed" });
});

test("what is attached to an image is not what first digits mean", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, ...pushImage("shop/web", web), ...pushImage("shop/web", worker, { subject: web }));
  assert.throws(() => findImage(controller.ledger.state, "b".repeat(12)), { code: "image-not-pushed" });
});

test("a name that nothing has is asked back about", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, ...pushImage("shop/web", web));
  for (const text of ["shop/wbe:1", "web", "web:1", "shop/web", "shop/web:9", "web:2"])
    assert.throws(
      () => findImage(controller.ledger.state, text),
      { code: "image-not-pushed", message: /; did you mean shop\/web:1\?$/ },
      text,
    );
  assert.throws(() => findImage(controller.ledger.state, "bank/vault:1"), { message: /does not have bank\/vault:1$/ });
});

import assert from "node:assert/strict";
import test from "node:test";
import { checkServices } from "./services.ts";

const services = { web: { image: "web", in: { stagin: { replicas: 1 } } } };

test("what differs in an environment is said of one that the file names, where it names any", () => {
  const images = { web: {} };
  const [found, ...more] = checkServices(services, images, { staging: {}, production: {} });
  assert.deepEqual(more, []);
  assert.deepEqual(found?.path, ["services", "web", "in", "stagin"]);
  assert.equal(found.meant, "staging");
  assert.deepEqual(checkServices(services, images, { stagin: {} }), []);
  assert.deepEqual(checkServices(services, images, {}), []);
});

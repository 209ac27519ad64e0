import assert from "node:assert/strict";
import { test } from "node:test";
import { forbiddenPort, forbiddenPorts } from "./forbidden-port.ts";

test("every port of the list is one that fetch itself refuses, and the usual ones are none", async () => {
  for (const port of forbiddenPorts) {
    const address = `http://127.0.0.1:${port}/`;
    assert.equal(forbiddenPort(address), String(port));
    const refused = await fetch(address).then(
      () => "answered",
      (error: unknown) => String((error as { cause?: Error }).cause?.message),
    );
    assert.equal(refused, "bad port", address);
  }
  for (const address of ["http://mirror.test/debian", "https://mirror.test", "http://127.0.0.1:5000/v2/", "no address"])
    assert.equal(forbiddenPort(address), undefined);
});

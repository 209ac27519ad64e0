import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as send, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { readPieces, readWhole, usualBodyLimits } from "./body.ts";

/** A request with this body, as a server gets it. */
async function receive(t: TestContext, body: Buffer): Promise<IncomingMessage> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = send({ port: (server.address() as AddressInfo).port, method: "PUT" }).on("error", () => {});
  t.after(() => {
    client.destroy();
    server.close();
  });
  const received = once(server, "request");
  client.end(body);
  return ((await received) as [IncomingMessage])[0];
}

const body = Buffer.alloc(6 << 20, "all of it ");

test("the memory of a piece is given back when the next one is asked for, and not before", async (t) => {
  const request = await receive(t, body);
  const seen: Buffer[] = [];
  let size = 0;
  for await (const pieces of readPieces(request, usualBodyLimits)) {
    assert.ok(seen.every(({ length }) => length === 0));
    for (const piece of pieces) {
      assert.ok(piece.equals(body.subarray(size, size + piece.length)));
      size += piece.length;
    }
    seen.push(...pieces);
  }
  assert.equal(size, body.length);
  assert.ok(seen.length > 6);
});

test("a body that is read as a whole is whole", async (t) => {
  const request = await receive(t, body);
  const error = (): never => assert.fail("it is not too large");
  assert.ok((await readWhole(request, { limits: usualBodyLimits, most: body.length, error })).equals(body));
});

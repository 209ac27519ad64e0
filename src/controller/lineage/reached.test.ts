import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEvent } from "../../ledger/event-entry.ts";
import type { EventData } from "../events/events.ts";
import { recordReached } from "./reached.ts";

test("thousands of images are recorded in parts, each of which fits into an entry of the log", () => {
  const reached = Array.from({ length: 3000 }, (_, index) => ({
    digest: `sha256:${index.toString(16).padStart(64, "0")}`,
    how: "built on sha256:0123456789ab",
    parent: `sha256:${"f".repeat(64)}`,
    layers: Array.from({ length: index === 7 ? 5000 : 3 }, () => `sha256:${"a".repeat(64)}`),
  }));
  const events = recordReached(12, reached);
  assert.ok(events.length > 10);
  const found = events.flatMap((event) => {
    encodeEvent({ ...event, time: "2026-11-21T12:00:00.000Z" });
    const { revocation, images } = event.data as EventData["revocation.reached"];
    assert.equal(revocation, 12);
    return images.map(({ digest }) => digest);
  });
  assert.deepEqual(
    found,
    reached.map(({ digest }) => digest),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShownDrift } from "../../controller/drift/show-drift.ts";
import { driftOf, place } from "../../controller/drift/drift.fixture.ts";
import type { RecordedDrift } from "../../controller/state/drift.ts";
import { describeDrift, describeDrifts } from "./describe-drift.ts";
import { describeGuard } from "./describe-guard.ts";

const drift: RecordedDrift = {
  ...driftOf("web-1"),
  ...place,
  release: 4,
  image: `sha256:${"a".repeat(64)}`,
  id: 12,
  recorded: "2026-11-21T11:59:59.010Z",
  status: "replaced",
  replaced: { at: "2026-11-21T11:59:59.400Z", by: "web-2", milliseconds: 400 },
};
const artifact = `sha256:${"b".repeat(64)}`;
const shown: ShownDrift = {
  drift,
  meaning: "a program runs that the image does not have",
  captures: [
    {
      event: 14,
      drift: 12,
      ...place,
      instance: "web-1",
      made: "2026-11-21T11:59:59.300Z",
      askedBy: "system:controller",
      repository: "drift/production/web",
      artifact,
      bytes: 41_000,
      key: "0",
    },
  ],
};

test("a finding is shown with its processes as a tree, its times since the kernel saw it, and how to get its capture", () => {
  const text = describeDrift(shown, "https://ingot.example");
  assert.match(text, /^drift #12: a program runs that the image does not have: \/tmp\/dropper$/m);
  assert.match(text, /^ {2}\/usr\/sbin\/nginx {2}nginx: worker process {2}\(pid 100, user 33\)$/m);
  assert.match(text, /^ {2}└─ \/bin\/dash {2}sh -c \/tmp\/dropper {2}\(pid 110, user 33\)$/m);
  assert.match(text, /^ {5}└─ \/tmp\/dropper .*\(pid 120, user 33\)$/m);
  assert.match(text, /^ {2}found and frozen {2}2026-11-21T11:59:59.002Z {2}\+2 ms$/m);
  assert.match(text, /^ {2}captured .*\+300 ms$/m);
  assert.match(text, /^ {2}replaced .*\+400 ms$/m);
  assert.match(text, new RegExp(`oras pull ingot.example/drift/production/web@${artifact}$`, "m"));
  assert.match(
    text,
    /ingot audit trusted-root > root.json && cosign verify-attestation --key guard.pub --trusted-root root.json --type/,
  );
  const plain = describeDrift(shown, "http://127.0.0.1:8700");
  assert.match(plain, /oras pull --plain-http 127\.0\.0\.1:8700\//);
  assert.match(plain, /--allow-http-registry/);
});

test("what an attacker named stays on its line", () => {
  const hostile = {
    ...drift,
    subject: "a\nb",
    message: "x\ny",
    chain: [{ pid: 1, parent: 0, executable: "p\nq", command: ["r\ns"] }],
  };
  const lines = describeDrift({ ...shown, drift: hostile }, "https://ingot.example").split("\n");
  for (const start of ["b", "y", "q", "s"])
    assert.equal(
      lines.some((line) => line.startsWith(start)),
      false,
      start,
    );
  assert.equal(describeDrifts([hostile]).split("\n").length, 2);
});

test("a list says what became of each", () => {
  const running: RecordedDrift = {
    ...driftOf("web-3", { response: "breaker-open" }),
    ...place,
    release: 4,
    image: "",
    id: 13,
    recorded: drift.recorded,
    status: "running",
  };
  const text = describeDrifts([running, drift]);
  assert.match(text, /runs on \(breaker-open\)/);
  assert.match(text, /replaced by web-2 in 400 ms/);
  assert.equal(describeDrifts([]), "no drift was found that fits");
});

test("a capture that was not made says why", () => {
  const why = {
    event: 14,
    drift: 12,
    ...place,
    instance: "web-1",
    made: drift.recorded,
    askedBy: "system:controller",
    why: "it is gone",
  };
  assert.match(describeDrift({ ...shown, captures: [why] }, "https://h"), /^not captured: it is gone$/m);
  assert.match(describeDrift({ ...shown, captures: [] }, "https://h"), /^nothing was captured$/m);
});

test("the guard's state says what to do next", () => {
  const text = describeGuard({
    guard: {
      isAwake: false,
      sensors: [{ name: "trace", state: "blind", detail: "lost" }],
      watched: 3,
      executions: 9,
      lost: 1,
      breaker: [],
    },
    breakers: [{ ...place, why: "the same everywhere", since: drift.recorded }],
    open: 1,
    running: 0,
  });
  assert.match(text, /^the guard is BLIND: it watches 3 instances and saw 9 executions, 1 lost$/m);
  assert.match(text, /ingot drift reset web --in production/);
  assert.match(text, /drift stands open: 1 finding whose instance is being replaced/);
  assert.match(describeGuard({ breakers: [], open: 0, running: 0 }), /watches no instances\nno drift stands open/);
});

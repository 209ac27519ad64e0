import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes, type ErrorCode } from "../ground/error-codes.ts";
import { IngotError } from "../ground/error.ts";
import { answerError, statusOf } from "./error-answer.ts";
import { routes } from "./routes.ts";

/** By what a client should do: send something else, sign in, give up, choose another name, look after what stands in the way, wait. */
const chosen: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: [
    "break-glass-malformed",
    "debug-unfounded",
    "quarantine-unfounded",
    "reference-malformed",
    "revocation-unfounded",
    "usage",
  ],
  401: [
    "assertion-invalid",
    "assertion-replayed",
    "controller-mismatch",
    "enrolment-invalid",
    "issuer-unknown",
    "token-expired",
    "token-invalid",
  ],
  403: ["approval-refused", "image-quarantined", "policy-denied", "token-environment"],
  404: [
    "drift-unknown",
    "environment-unknown",
    "identity-unknown",
    "image-not-pushed",
    "instance-unknown",
    "key-unregistered",
    "log-entry-unknown",
    "quarantine-unknown",
    "release-unknown",
    "rollout-unknown",
  ],
  409: [
    "address-taken",
    "breaker-closed",
    "fleet-not-here",
    "guard-not-here",
    "identity-exists",
    "identity-last-admin",
    "identity-last-key",
    "instance-not-running",
    "key-registered",
    "locked-by-another",
    "rollback-refused",
  ],
  422: [
    "address-not-here",
    "configuration-unusable",
    "key-malformed",
    "key-unsuitable",
    "policy-invalid",
    "reference-ambiguous",
    "statement-refused",
  ],
  429: ["too-many-attempts"],
  500: ["capture-failed", "key-exposed", "log-damaged"],
  502: ["issuer-unusable"],
};

test("every error that a route declares has the status that was chosen for it", () => {
  const declared = [...new Set(routes.flatMap(({ errors }) => errors))];
  const found = Object.groupBy(declared, statusOf);
  for (const status of new Set([...Object.keys(chosen), ...Object.keys(found)])) {
    assert.deepEqual(found[Number(status)]?.toSorted(), chosen[Number(status)]?.toSorted(), status);
  }
});

test("what is not the client's doing is a 5xx, and what it may repeat says so by its status", () => {
  const wanted = {
    "disk-full": 507,
    "disk-read-only": 503,
    "log-write-failed": 503,
    "witness-unreachable": 503,
  } as const;
  for (const [code, status] of Object.entries(wanted)) assert.equal(statusOf(code as ErrorCode), status, code);
  assert.deepEqual(
    [statusOf("body-too-large"), statusOf("upload-too-slow"), statusOf("host-unknown")],
    [413, 408, 421],
  );
});

test("every code there is has a status of an error", () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[])
    assert.ok(statusOf(code) >= 400 && statusOf(code) < 600, code);
});

test("an error of the system is told without paths, and any other not at all", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write '/srv/ingot/x'"), { code: "ENOSPC" });
  const readOnly = Object.assign(new Error("EROFS: open '/srv/ingot/x'"), { code: "EROFS" });
  const answers = [full, readOnly, new TypeError("/srv/ingot/x is undefined"), "text of /srv"].map(answerError);
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.error.code]),
    [
      [507, "disk-full"],
      [503, "disk-read-only"],
      [500, "internal-error"],
      [500, "internal-error"],
    ],
  );
  for (const { body } of answers) assert.doesNotMatch(JSON.stringify(body), /srv/);
  const log = new IngotError("log-write-failed", "could not write the log in /srv/ingot", {
    hint: "free",
    cause: full,
  });
  assert.deepEqual(answerError(log).body.error, {
    code: "log-write-failed",
    message: "the controller could not record it: no space is left on its disk",
    details: [],
    hint: "free",
  });
  const own = answerError(new IngotError("usage", "so", { details: ["a"], hint: "do that" }));
  assert.deepEqual(own.body.error, { code: "usage", message: "so", details: ["a"], hint: "do that" });
});

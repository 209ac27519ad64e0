import assert from "node:assert/strict";
import { test } from "node:test";
import { scoreOf, severityOfScore } from "./cvss.ts";

test("vectors have the scores that the specifications' own examples give them", () => {
  assert.equal(scoreOf("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), 9.8);
  assert.equal(scoreOf("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"), 6.1);
  assert.equal(scoreOf("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N"), 0);
  assert.equal(scoreOf("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"), 9.3);
  assert.equal(scoreOf("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"), 7.3);
});

test("a vector that is not whole or of another version has none", () => {
  const bad = [
    "",
    "CVSS:3.1/AV:N",
    "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:4.0/AV:N/AC:L",
    "AV:N/AC:L/Au:N/C:P/I:P/A:P",
    "7.5",
  ];
  for (const vector of bad) assert.equal(scoreOf(vector), undefined, vector);
});

test("severities are those of the rating scale", () => {
  assert.deepEqual([10, 9, 8.9, 7, 6.9, 4, 3.9, 0.1, 0].map(severityOfScore), [
    "critical",
    "critical",
    "high",
    "high",
    "medium",
    "medium",
    "low",
    "low",
    "negligible",
  ]);
});

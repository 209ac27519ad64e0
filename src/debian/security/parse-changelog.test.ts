import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChangelog } from "./parse-changelog.ts";

const changelog = `tool (1:2.0-1+deb12u1) bookworm-security; urgency=HIGH, binary-only=no

  [ A Person ]
  * Fix CVE-2023-
    1234 and
    CVE-2023-5678:
    - one part of it
      on two lines
  * A line that ends in CVE-
    2023-9999.

  Words without a bullet
  on two lines.

 -- A Person <a@b.test>  Mon, 02 Jan 2023 10:00:00 +0200

older-name (1.0) unstable experimental; urgency=low

  * First.
 -- A Person <a@b.test>  no date

Old Changelog:
something else
vim: ts=8
tool (0.9) unstable; urgency=low
\t* With a tab.
`;

test("a changelog is read entry by entry, each change on one line whatever lines it was folded over", () => {
  assert.deepEqual(parseChangelog(changelog), [
    {
      version: "1:2.0-1+deb12u1",
      urgency: "high",
      date: "2023-01-02T08:00:00.000Z",
      changes: [
        "[ A Person ]",
        "Fix CVE-2023-1234 and CVE-2023-5678:",
        "one part of it on two lines",
        "A line that ends in CVE-2023-9999.",
        "Words without a bullet on two lines.",
      ],
    },
    { version: "1.0", urgency: "low", changes: ["First."] },
    { version: "0.9", urgency: "low", changes: ["With a tab."] },
  ]);
});

test("what is no changelog has no entries", () => {
  for (const text of [
    "",
    "\0".repeat(1000),
    "tool (1.0)\n  * no distribution\n",
    " -- A <a@b>  Mon, 02 Jan 2023 10:00:00 +0200",
  ])
    assert.deepEqual(parseChangelog(text), []);
});

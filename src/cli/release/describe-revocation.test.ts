import assert from "node:assert/strict";
import { test } from "node:test";
import type { RevocationReport } from "../../controller/verbs/revocation-report.ts";
import { describeRevocation } from "./describe-revocation.ts";

const [a, b, c] = ["a", "b", "c"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string, string];
const release = { environment: "production", service: "web", number: 3 };

const report: RevocationReport = {
  subject: { kind: "image", digest: a },
  reason: "backdoor\nsecond line",
  event: 12,
  images: [
    { digest: a, how: "itself", names: ["shop/base:1"], releases: [] },
    {
      digest: b,
      how: "built on sha256:aaaaaaaaaaaa",
      parent: a,
      names: ["shop/web:1", "shop/web:2"],
      releases: [
        { ...release, number: 2, isCurrent: false },
        { ...release, isCurrent: true },
      ],
    },
    { digest: c, how: "built on sha256:bbbbbbbbbbbb", parent: b, names: [`shop/top@${c}`], releases: [] },
  ],
  unknown: [],
  losing: [],
};

test("each image stands below the one through which it is reached, and each release with its next command", () => {
  assert.equal(
    describeRevocation(report),
    `image sha256:aaaaaaaaaaaa is revoked (#12): backdoor second line
3 images, 1 current release
  shop/base:1  sha256:aaaaaaaaaaaa: itself
    shop/web:1 (also shop/web:2)  sha256:bbbbbbbbbbbb: built on sha256:aaaaaaaaaaaa
      release 2 of web in production, former
      release 3 of web in production, CURRENT → ingot deploy web --to production, or ingot rollback web --in production
      shop/top@${c}: built on sha256:bbbbbbbbbbbb
next: correct what is wrong, ingot build, and ingot push under a new tag; then the commands above`,
  );
});

test("what reaches nothing, what is not known, and what a key loses are said", () => {
  const subject = { kind: "key", id: "f".repeat(64) } as const;
  const text = describeRevocation({
    ...report,
    subject,
    images: [],
    unknown: [a],
    losing: [{ digest: b, kinds: ["scan", "tests", "approval"] }],
  });
  assert.match(text, /0 images, 0 current releases: nothing of the registry is reached by now/);
  assert.match(text, new RegExp(`no bill of materials says whether they have it:\n {2}${a} → `));
  const short = "b".repeat(12);
  const again = `ingot scan ${short} && ingot test ${short} && ingot push ${short}, ingot approve ${b} --for ENVIRONMENT`;
  assert.match(text, new RegExp(`counts no more:\n {2}${b}: scan, tests, approval → ${again}`));
});

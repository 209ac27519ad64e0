import assert from "node:assert/strict";
import { test } from "node:test";
import { compareWithApt } from "../../../test/support/compare-with-apt.ts";
import type { AptAnswer, AptQuestion } from "../../../test/support/isolated-apt.ts";
import { readRequests } from "../../../test/support/read-requests.ts";
import { openTestApt, type TestApt } from "../../../test/support/test-apt.ts";
import { twoAtATime } from "../../../test/support/two-at-a-time.ts";

const requests = readRequests(new URL("../../../test/data/apt-packages.txt", import.meta.url));
const opened = await openTestApt();

/** Sets that the Essential packages are added to, on both sides. */
const fromScratch = [
  ["nginx-light", "ca-certificates"],
  ["openssh-server", "redis-server", "python3"],
  ["postgresql-client", "python3"],
  ["systemd-sysv"],
  [],
];

for (const recommends of [false, true])
  test(`every request of the list gets apt's packages ${recommends ? "with" : "without"} Recommends`, async (t) => {
    if (typeof opened === "string") return t.skip(opened);
    assert.ok(requests.length >= 200, `only ${requests.length} requests`);
    const { counts, different } = await compareAll(
      opened,
      requests.map((names) => ({ names, recommends })),
    );
    t.diagnostic(`${requests.length} requests: ${JSON.stringify(counts)}; apt was asked ${opened.answers.asked} times`);
    assert.deepEqual(different, []);
    assert.ok(counts.equal >= requests.length * 0.95, "too many documented differences");
  });

test("an image from scratch gets the packages that apt finds when the Essential ones are named", async (t) => {
  if (typeof opened === "string") return t.skip(opened);
  const essential = opened.index.essentialNames();
  assert.ok(essential.includes("dpkg") && essential.includes("libc-bin"), essential.join(" "));
  const questions = fromScratch.flatMap((names) =>
    [false, true].map((recommends) => ({ names: [...new Set([...essential, ...names])], recommends })),
  );
  const { different } = await compareAll(opened, questions);
  assert.deepEqual(different, []);
});

test("apt's plan is what its simulation installs", async (t) => {
  if (typeof opened === "string") return t.skip(opened);
  for (const names of [["nginx-light"], ["default-mta", "cron"], ["mail-transport-agent"]]) {
    const question = { names, recommends: false };
    const plan: AptAnswer = await opened.apt.plan(question);
    const simulated: AptAnswer = await opened.apt.simulate(question);
    assert.equal(plan.kind, simulated.kind);
    if (plan.kind === "set" && simulated.kind === "set") assert.deepEqual(plan.packages, simulated.packages);
  }
});

async function compareAll({ index, answers }: TestApt, questions: readonly AptQuestion[]) {
  const counts = { equal: 0, documented: 0, different: 0 };
  const different: string[] = [];
  await twoAtATime(questions, async (question) => {
    const { verdict, lines } = compareWithApt(index, question, await answers.plan(question));
    counts[verdict] += 1;
    if (verdict === "different") different.push([question.names.join(" "), ...lines].join("; "));
  });
  return { counts, different };
}

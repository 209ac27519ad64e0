import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { decideBy, deployment, goodImage, now, openOnce, policyOf } from "../policy.fixture.ts";
import type { PolicyFile } from "../policy.ts";
import { policyBounds } from "./policy-text.ts";

async function mistakesOf(...files: readonly PolicyFile[]): Promise<readonly string[]> {
  const engine = await openOnce();
  try {
    engine.parse(files);
  } catch (error) {
    assert.ok(error instanceof IngotError && error.code === "policy-invalid", String(error));
    return error.details;
  }
  return [];
}

const fileOf = (text: string, name = "p.cedar"): PolicyFile => ({ name, text });

test("every mistake of every file is reported at once, with file, line and column, in order", async () => {
  const mistakes = await mistakesOf(
    fileOf(
      '// é\npermit(principal, action, resource) when { 1 + };\n@id("ü") forbid(principl, action, resource);\n',
      "b.cedar",
    ),
    fileOf(
      'forbid(principal, action == Action::"deplyo", resource);\nforbid(principal, action in Action::"enter", resource) when { context.now > "a" };',
      "a.cedar",
    ),
  );
  assert.equal(mistakes.length, 4, mistakes.join("\n"));
  assert.match(mistakes[0] ?? "", /^b\.cedar:2:48: unexpected token `}`; expected .*number/);
  assert.match(mistakes[1] ?? "", /^b\.cedar:3:17: .*principl/);
  assert.match(mistakes[2] ?? "", /^a\.cedar:1:29: unrecognized action .*did you mean `Action::"deploy"`/);
  assert.match(mistakes[3] ?? "", /^a\.cedar:2:77: unexpected type: expected Long but saw String/);
});

test("a policy of the wrong types is refused: an attribute that may be absent, an unknown role, a template", async () => {
  const when = (text: string): PolicyFile =>
    fileOf(`forbid(principal, action in Action::"enter", resource) when { ${text} };`);
  assert.match((await mistakesOf(when("context.image.scan.age > 5")))[0] ?? "", /context\.image has scan/);
  assert.match((await mistakesOf(when("context.image.scam")))[0] ?? "", /scam/);
  assert.match((await mistakesOf(when('principal in Role::"admn"')))[0] ?? "", /admn/);
  assert.match((await mistakesOf(fileOf("permit(principal == ?principal, action, resource);")))[0] ?? "", /template/);
});

test("one mistake is told once, though Cedar finds it for each action", async () => {
  const mistakes = await mistakesOf(
    fileOf('forbid(principal, action in Action::"enter", resource) when { context.image.tests.passed };'),
  );
  assert.equal(mistakes.length, 1, mistakes.join("\n"));
});

test("whatever stands between two rules is a mistake, and comments are not", async () => {
  const rule = "forbid(principal, action, resource);";
  assert.deepEqual(await mistakesOf(fileOf(`// a; b "\n${rule} // c {{{\n\n// "d`)), []);
  assert.match((await mistakesOf(fileOf(`${rule}\n $`)))[0] ?? "", /^p\.cedar:2:2: /);
  assert.match((await mistakesOf(fileOf(`${rule}\nforbid(principal, action, resource)`)))[0] ?? "", /^p\.cedar:2:/);
  assert.match((await mistakesOf(fileOf(`${rule};`)))[0] ?? "", /^p\.cedar:1:/);
  assert.deepEqual(await mistakesOf(fileOf(`@id("a;b//c\\"") ${rule}`)), []);
});

test("a policy of 10 MB or of 10,000 rules is refused in a moment", async () => {
  const started = performance.now();
  const rule = "forbid(principal, action, resource);\n";
  assert.match((await mistakesOf(fileOf(`// ${"x".repeat(10_000_000)}`)))[0] ?? "", /may have 262144 characters/);
  const many = await mistakesOf(fileOf("forbid(principal,action,resource);\n".repeat(7000)));
  assert.match(many[0] ?? "", /^p\.cedar:1001:1: a file may hold 1000 rules/);
  assert.match((await mistakesOf(fileOf(rule.repeat(10_000))))[0] ?? "", /characters/);
  assert.ok(performance.now() - started < 3000);
});

test("nesting that would end Cedar is refused before Cedar sees it, and the engine goes on", async () => {
  const when = (text: string): PolicyFile => fileOf(`permit(principal, action, resource) when { ${text} };`);
  const deep = (open: string, inner: string, close: string, count = 5000): PolicyFile =>
    when(open.repeat(count) + inner + close.repeat(count));
  assert.match((await mistakesOf(deep("(", "true", ")")))[0] ?? "", /brackets are nested deeper than 32/);
  assert.match((await mistakesOf(deep("[", "1", "]")))[0] ?? "", /nested/);
  for (const file of [
    deep("if true then ", "true", " else true"),
    deep("true && ", "true", ""),
    deep("!", "true", ""),
    deep("1 + ", "1 == 1", ""),
    deep("", "context", ".a"),
    fileOf(`permit(principal, action, resource) ${"when { true } ".repeat(5000)};`),
  ])
    assert.match((await mistakesOf(file))[0] ?? "", /operators/, file.text.slice(0, 80));
  assert.equal((await decideBy([], deployment())).permit, true);
});

test("at the bounds Cedar still parses, validates and decides", async () => {
  const most = policyBounds.operators - 8;
  const texts = [
    `${"(".repeat(28)}context.now > 0${")".repeat(28)}`,
    Array.from({ length: most / 4 }, () => "context.now > 1").join(" && "),
    Array.from({ length: most - 2 }, () => "1")
      .join(" + ")
      .concat(" == 1"),
    `${"if true then ".repeat(most)}true${" else true".repeat(most)}`,
    `${"{a: ".repeat(28)}1${"}".repeat(28)} == ${"{a: ".repeat(28)}2${"}".repeat(28)}`,
  ];
  for (const text of texts) {
    const files = policyOf(`forbid(principal, action, resource) when { false && (${text}) };`);
    assert.equal((await decideBy(files, deployment())).permit, true, text.slice(0, 60));
    await decideBy(policyOf(`forbid(principal, action, resource) when { ${text} };`), deployment());
  }
});

test("a forbid that cannot be carried out forbids, and says so", async () => {
  const files = policyOf(
    '@id("over") forbid(principal, action, resource) when { context.now * 9223372036854775807 > 0 };',
  );
  const decision = await decideBy(files, deployment());
  assert.deepEqual([decision.permit, decision.policies], [false, ["over"]]);
  assert.match(decision.missing[0]?.missing ?? "", /the rule over \(production\.cedar:2\) cannot be carried out/);
});

test("a permit that cannot be carried out does not permit", async () => {
  const engine = await openOnce();
  const set = engine.parse([
    fileOf("permit(principal, action, resource) when { context.now * 9223372036854775807 < 5 };"),
  ]);
  assert.deepEqual(
    engine.decide(set, deployment()).missing.map(({ policy }) => policy),
    ["no-permit"],
  );
});

test("a policy set decides by its digest or by its files, and other texts have another digest", async () => {
  const engine = await openOnce();
  const first = engine.forEnvironment([fileOf("permit(principal, action, resource);")]);
  const again = engine.forEnvironment([fileOf("permit(principal, action, resource);")]);
  const other = engine.forEnvironment([fileOf("permit(principal, action, resource); ")]);
  assert.equal(first.digest, again.digest);
  assert.notEqual(first.digest, other.digest);
  assert.notEqual(engine.rolesOnly().digest, engine.forEnvironment([]).digest);
  assert.deepEqual(engine.decide({ ...first, digest: "sha256:unknown" }, deployment()).policyDigest, first.digest);
});

test("two files do not make the digest of one that holds both", async () => {
  const engine = await openOnce();
  const [a, b] = ["permit(principal, action, resource);", "forbid(principal, action, resource);"];
  assert.notEqual(engine.parse([fileOf(a, "a"), fileOf(b, "b")]).digest, engine.parse([fileOf(a + b, "ab")]).digest);
});

test("more policy sets than are kept are still decided rightly", async () => {
  const engine = await openOnce();
  const files = Array.from({ length: 140 }, (_, index) => [
    fileOf(`@id("r${index}") forbid(principal, action, resource);`),
  ]);
  const sets = files.map((one) => engine.parse(one));
  for (const round of [0, 1]) {
    for (const [index, set] of sets.entries())
      assert.deepEqual(engine.decide(set, deployment()).policies, [`r${index}`], `round ${round}`);
  }
});

test("an environment's file never holds everywhere, whatever was recorded with it", async () => {
  const files = [{ ...fileOf('@id("mine") forbid(principal, action, resource);'), scope: "everywhere" as const }];
  const decision = await decideBy(files, deployment({ breakGlass: "down" }));
  assert.deepEqual([decision.permit, decision.lifted?.map(({ policy }) => policy)], [true, ["mine"]]);
});

test("the hour and the day are those of UTC", async () => {
  const files = policyOf(
    '@id("friday") forbid(principal, action, resource) when { context.weekday == "friday" && context.hour >= 15 };',
  );
  const at = (time: string) => decideBy(files, deployment({ now: Date.parse(time) / 1000, image: goodImage }));
  assert.equal((await at("2026-11-20T14:59:59Z")).permit, true);
  assert.equal((await at("2026-11-20T15:00:00Z")).permit, false);
  assert.equal((await at("2026-11-21T15:00:00Z")).permit, true);
  assert.equal((await at("2026-11-20T14:10:00Z")).until, Date.parse("2026-11-20T15:00:00Z") / 1000);
  assert.equal(new Date(now * 1000).getUTCDay(), 1);
});

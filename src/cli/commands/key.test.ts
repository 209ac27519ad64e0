/** `ingot key` as a person uses it: at a terminal, in a script, in a project. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { shareCompiled } from "../../../test/support/ingot-world.ts";
import { hasProgram } from "../../../test/support/real-packages.ts";
import { parseJson, runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";

const secret = "correct horse battery";

type Place = {
  readonly folder: string;
  readonly home: string;
  readonly run: (...args: string[]) => Promise<IngotResult>;
};

function makePlace(t: TestContext, env: Record<string, string> = { INGOT_KEY_PASSPHRASE: secret }): Place {
  const folder = mkdtempSync(join(tmpdir(), "ingot-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const home = join(folder, "home");
  shareCompiled(home);
  return { folder, home, run: (...args) => runIngot(args, { cwd: folder, env: { INGOT_HOME: home, ...env } }) };
}

type Keys = {
  readonly keys: readonly { readonly role: string; readonly id: string; readonly file: string }[];
  readonly trust: string;
};

test("keys are made, listed, trusted and rotated, and the passphrase is never printed", async (t) => {
  const { folder, home, run } = makePlace(t);
  writeFileSync(join(folder, "ingot.yaml"), "project: shop\n");
  const none = await run("key", "list");
  assert.match(none.stdout, /no keys; next: ingot key generate/);
  const made = await run("key", "generate", "builder", "tester", "--trust", "trust", "--json");
  assert.equal(made.code, 0, made.stderr);
  const { keys, trust } = parseJson<Keys>(made);
  assert.equal(trust, "trust:\n  builder: [./trust/builder.pub]\n  tester: [./trust/tester.pub]");
  const listed = await run("key", "list");
  assert.match(
    listed.stdout,
    new RegExp(`builder +${keys[0]?.id.slice(0, 12)} +\\d{4}-\\d\\d-\\d\\d +${keys[0]?.file} +none`),
  );
  const rotated = await run("key", "rotate", "builder", "--trust", "trust");
  assert.match(rotated.stdout, /builder: \[\.\/trust\/builder\.pub, \.\/trust\/builder-[0-9a-f]{12}\.pub\]/);
  assert.match(rotated.stdout, /then sign what is in use again \(ingot build\), push it/);
  const again = await run("key", "generate", "scanner", "builder");
  assert.equal(again.code, 1);
  assert.match(again.stderr, /hint: `ingot key rotate builder`[^]*code: key-exists\n$/);
  // All that were asked for, or none.
  assert.ok(!existsSync(join(home, "keys/scanner.key")));
  const shown = await run("key", "public", "builder");
  assert.equal(shown.stdout, readFileSync(join(home, "keys/builder.pub"), "utf8"));
  const printed = [none, made, listed, rotated, again, shown].map(({ stdout, stderr }) => stdout + stderr).join("");
  assert.ok(!printed.includes(secret));
  const files = readdirSync(join(home, "keys")).map((name) => readFileSync(join(home, "keys", name), "utf8"));
  assert.ok(!files.some((content) => content.includes(secret)));
});

test("what is wrong with a command is said with the next step", async (t) => {
  const { folder, run } = makePlace(t, {});
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [["key"], 2, /"ingot key" needs a subcommand[^]*code: usage\n$/],
    [["key", "generate", "bilder"], 2, /did you mean "builder"\?[^]*code: usage\n$/],
    [["key", "generate", "builder"], 1, /INGOT_KEY_PASSPHRASE[^]*code: passphrase-missing\n$/],
    [["key", "rotate", "builder"], 1, /ingot key generate builder\ncode: key-missing\n$/],
    [["key", "public", "builder"], 1, /code: key-missing\n$/],
    [["key", "generate", "builder", "--passphrase-file", "open"], 1, /0644[^]*chmod 600[^]*code: key-exposed\n$/],
  ];
  writeFileSync(join(folder, "open"), secret);
  chmodSync(join(folder, "open"), 0o644);
  for (const [args, code, message] of cases) {
    const result = await run(...args);
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.stderr, message);
  }
});

test(
  "at a terminal the passphrase is asked for twice, is not shown, and Ctrl-C leaves nothing",
  { skip: hasProgram("script") ? false : "needs script: not installed (bsdutils)" },
  async (t) => {
    const { home, folder, run } = makePlace(t, {});
    const typed = await atTerminal(
      { home, folder },
      ["key", "generate", "builder"],
      [
        ["new passphrase for the builder's key: ", `${secret}x\u007f\r`],
        ["the same again: ", `${secret}\r`],
      ],
    );
    assert.match(typed, /builder {2}[0-9a-f]{12}/);
    assert.ok(!typed.includes(secret.slice(0, 8)), typed);
    assert.equal((await run("key", "list", "--json")).code, 0);
    const stopped = await atTerminal(
      { home, folder },
      ["key", "generate", "tester"],
      [["tester's key: ", "abc\u0003"]],
    );
    assert.match(stopped, /code: cancelled/);
    assert.ok(!existsSync(join(home, "keys/tester.key")));
  },
);

/** Runs ingot under a pseudo-terminal and types each answer when its question is there. Returns all that the terminal showed. */
function atTerminal(
  { home, folder }: { home: string; folder: string },
  args: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const program = join(import.meta.dirname, "../../../bin/ingot");
  const env = { ...process.env, INGOT_HOME: home, NO_COLOR: "1" };
  const child = spawn("script", ["-qec", [program, ...args].join(" "), "/dev/null"], { cwd: folder, env });
  let shown = "";
  const left = [...answers];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    const [next] = left;
    if (next === undefined || !shown.endsWith(next[0])) return;
    left.shift();
    child.stdin.write(next[1]);
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  child.on("error", reject).on("close", () => {
    clearTimeout(timer);
    resolve(shown);
  });
  return promise;
}

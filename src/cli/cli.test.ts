import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { parseJson, runIngot } from "../../test/support/run-ingot.ts";
import { ingotHome } from "../ground/context.ts";
import { commands } from "./commands.ts";

test("--help shows every command in its group on stdout", async () => {
  const { code, stdout, stderr } = await runIngot(["--help"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  for (const { name, summary } of commands) assert.ok(stdout.includes(`  ${name}`) && stdout.includes(summary), name);
  for (const name of ["HOME", "DEBIAN_MIRROR", "KEY_PASSPHRASE", "KEY_PASSPHRASE_FILE", "DEBUG"])
    assert.match(stdout, new RegExp(`^(Environment:.*| *|.* )INGOT_${name} `, "m"));
  assert.equal((await runIngot(["help"])).stdout, stdout);
});

test("without a command the help goes to stderr and the exit code is usage", async () => {
  const { code, stdout, stderr } = await runIngot([]);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.match(stderr, /Usage: ingot COMMAND/);
});

// That every command has such a help is seen where docs/commands.md is held to the program.
test("a command has help of its own, by --help and by help", async () => {
  const { code, stdout, stderr } = await runIngot(["init", "--help"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /Usage: ingot init[^]*--json[^]*--quiet/);
  assert.equal((await runIngot(["help", "init"])).stdout, stdout);
});

test("an unknown command is usage and names the nearest one", async () => {
  const { code, stdout, stderr } = await runIngot(["inti"]);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.equal(
    stderr,
    'error: there is no command "inti"; did you mean "init"?\nhint: ingot init --help\ncode: usage\n',
  );
  assert.equal(
    (await runIngot(["zzzzz"])).stderr,
    'error: there is no command "zzzzz"\nhint: ingot --help\ncode: usage\n',
  );
});

test("an unknown option is usage and names the nearest one", async () => {
  const { code, stderr } = await runIngot(["init", "--nmae", "x"]);
  assert.equal(code, 2);
  assert.match(stderr, /error: unknown option '--nmae'\n.*--name.*\nhint: ingot init --help\n/);
});

test("too many arguments are usage", async () => {
  assert.equal((await runIngot(["init", "a", "b"])).code, 2);
});

test("--version prints the version", async () => {
  assert.match((await runIngot(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("with --json a failure is one object on stdout, also when the command does not exist", async () => {
  const result = await runIngot(["inti", "--json"]);
  assert.equal(result.code, 2);
  assert.deepEqual(parseJson(result), {
    error: { code: "usage", message: 'there is no command "inti"; did you mean "init"?', hint: "ingot init --help" },
  });
});

test("the compile cache lies in Ingot's home, by the same rule as everything else", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-cli-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const home = join(folder, "home");
  await runIngot(["--version"], { env: { INGOT_HOME: home, NODE_COMPILE_CACHE: undefined } });
  assert.ok(existsSync(join(home, "cache/compile")));
  assert.equal(ingotHome({ INGOT_HOME: home }), home);
});

test("a home that cannot be written does not keep --version from working", async () => {
  assert.equal((await runIngot(["--version"], { env: { INGOT_HOME: "/dev/null/home" } })).code, 0);
});

/** Runs the frame with a table of one command, `probe`, whose handler is `body` (it has `ctx` and `write`). */
function startProbe(body: string, args: readonly string[] = []): ReturnType<typeof spawn> {
  const frame = JSON.stringify(join(import.meta.dirname, "cli.ts"));
  const code = `
    import { main } from ${frame};
    const declare = (command, handle) => command.action(handle(async ({ ctx, write }) => { ${body} }));
    await main(["probe", ...process.argv.slice(1)], [{ name: "probe", group: "help", summary: "x", load: async () => ({ declare }) }]);`;
  return spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code, "--", ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, INGOT_DEBUG: "" },
    },
  );
}

async function finish(
  child: ReturnType<typeof spawn>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text: Buffer) => (output.stdout += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (output.stderr += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...output };
}

const waitForAbort = `
  write("ready\\n");
  await new Promise((resolve) => { const alive = setInterval(() => {}, 1000); ctx.signal.addEventListener("abort", () => { clearInterval(alive); resolve(); }); });`;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} lets the command clean up, and ends with 130`, async () => {
    const child = startProbe(`${waitForAbort} write("cleaned\\n"); ctx.signal.throwIfAborted();`);
    child.stdout?.once("data", () => child.kill(signal));
    const { code, stdout, stderr } = await finish(child);
    assert.deepEqual({ code, stdout }, { code: 130, stdout: "ready\ncleaned\n" });
    assert.equal(
      stderr,
      `error: stopped by ${signal}\nhint: nothing half-made is in use; run the same command again to go on\ncode: cancelled\n`,
    );
  });
}

test("the second SIGINT ends at once a command that does not listen", async () => {
  const child = startProbe(`${waitForAbort} write("first\\n"); await new Promise(() => setInterval(() => {}, 1000));`);
  child.stdout?.on("data", () => child.kill("SIGINT"));
  const { code } = await finish(child);
  assert.equal(code, 130);
});

test("a reader of stdout that goes away is no error", async () => {
  const child = startProbe(
    `for (let i = 0; i < 200; i++) { write("x".repeat(65536)); await new Promise(setImmediate); } return { json: {}, text: "" };`,
  );
  child.stdout?.once("data", () => child.stdout?.destroy());
  const { stderr } = await finish(child);
  assert.equal(stderr, "");
});

test("an unexpected exception is internal-error without a stack", async () => {
  const { code, stdout, stderr } = await finish(startProbe(`undefined.x;`, ["--json"]));
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: this is a mistake in Ingot itself \(TypeError: .*\)\nhint: .*\ncode: internal-error\n$/,
  );
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "internal-error");
});

test("a handler that never ends is not taken for success when nothing is left to do", async () => {
  const { code } = await finish(startProbe(`await new Promise(() => {});`));
  assert.notEqual(code, 0);
});

test("options belong to the subcommand that they follow, and --json counts anywhere", async () => {
  const frame = JSON.stringify(join(import.meta.dirname, "cli.ts"));
  const code = `
    import { main } from ${frame};
    const show = (name) => ({ options }) => ({ json: { name, options }, text: name });
    const declare = (command, handle) => {
      command.option("-f, --file <path>").action(handle(show("parent")));
      command.command("child").option("-f, --file <path>").action(handle(show("child")));
    };
    await main(process.argv.slice(1), [{ name: "probe", group: "help", summary: "x", load: async () => ({ declare }) }]);`;
  const run = (...args: string[]): ReturnType<typeof finish> =>
    finish(
      spawn(process.execPath, [
        "--disable-warning=ExperimentalWarning",
        "--input-type=module",
        "-e",
        code,
        "--",
        ...args,
      ]),
    );
  const expected = { name: "child", options: { file: "x", json: true } };
  assert.deepEqual(JSON.parse((await run("probe", "child", "-f", "x", "--json")).stdout), expected);
  assert.deepEqual(JSON.parse((await run("--json", "probe", "child", "-f", "x")).stdout), expected);
  assert.equal((await run("probe", "chidl")).code, 2);
  assert.match((await run("probe", "child", "--flie")).stderr, /^hint: ingot probe child --help$/m);
});

test("an outcome prints its text, its JSON with --json, and sets the exit code", async () => {
  const body = `return { json: { stale: 2 }, text: "two are stale", exitCode: 4 };`;
  assert.deepEqual(await finish(startProbe(body)), { code: 4, stdout: "two are stale\n", stderr: "" });
  assert.deepEqual(await finish(startProbe(body, ["--json"])), { code: 4, stdout: '{"stale":2}\n', stderr: "" });
});

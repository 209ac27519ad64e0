import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CastPlan } from "./cast-plan.ts";

function makeHome(t: TestContext): string {
  const home = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "cast-refused-"));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}

function planIn(home: string): CastPlan {
  const stages = [{ kind: "run", name: "run", epoch: 0, commands: ["true"] }] as const;
  return { architecture: "amd64", compression: "gzip", store: join(home, "store"), useCache: false, below: [], stages };
}

/** Runs a piece of a module in a process of its own and returns the error that it throws, as its code and details. */
function errorOf(command: readonly string[], script: string): string {
  const program = `${script}.then(() => "none", (error) => [error.code, error.message, ...error.details ?? []].join("\\n"))
    .then((text) => process.stdout.write(text, () => process.exit()));`;
  const node = [process.execPath, "--no-warnings", "--input-type=module", "-e", program];
  const { stdout, stderr } = spawnSync("env", [...command, ...node], { encoding: "utf8", timeout: 60_000, cwd: "/" });
  return stdout === "" ? `nothing on stdout, on stderr: ${stderr}` : stdout;
}

test("a kernel that allows no more namespaces is sandbox-failed, with the kernel's own word, and leaves nothing", (t) => {
  const limit = "/proc/sys/user/max_user_namespaces";
  const nested = ["unshare", "--user", "--map-root-user", "sh", "-c", `echo 0 > ${limit} && exec "$@"`, "sh"];
  // The limit is one of the new namespace alone: the host keeps its own.
  const before = readFileSync(limit, "utf8");
  if (spawnSync("env", [...nested, "true"]).status !== 0) return t.skip("needs user namespaces");
  const home = makeHome(t);
  const error = errorOf(
    nested,
    `const { castStages } = await import(${JSON.stringify(import.meta.resolve("./cast.ts"))});
     const { processContext } = await import(${JSON.stringify(import.meta.resolve("../ground/context.ts"))});
     castStages(processContext({ home: ${JSON.stringify(home)} }), ${JSON.stringify(planIn(home))})`,
  );
  assert.equal(error.split("\n")[0], "sandbox-failed");
  assert.match(error, /unshare.*No space left on device/);
  assert.equal(readFileSync(limit, "utf8"), before);
  const left = readdirSync(home, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    left.filter((path) => !path.startsWith("cache")),
    ["tmp", "tmp/cast"],
  );
});

test("an ordinary user without a range of numbers is told how to get one", (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root, to become a user without a range");
  const uid = 64_999;
  const isListed = ["/etc/subuid", "/etc/passwd"].some(
    (file) => existsSync(file) && new RegExp(`\\b${uid}\\b`).test(readFileSync(file, "utf8")),
  );
  if (isListed) return t.skip(`needs the user number ${uid} to be nobody's`);
  const error = errorOf(
    ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"],
    `const { mapUserNamespace } = await import(${JSON.stringify(import.meta.resolve("./user-namespace.ts"))});
     mapUserNamespace(process.pid)`,
  );
  assert.equal(error.split("\n")[0], "user-namespace-unavailable");
  assert.match(error, /\/etc\/subuid /);
});

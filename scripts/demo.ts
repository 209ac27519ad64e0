// npm run demo: casts a real web service, runs it, tries to change it from inside, and replaces it by its next version. Every line that it
// prints was measured or read in this very run; it fails when anything is not as it says. It leaves nothing running. The project is made anew
// in a temporary folder; packages stay in a cache of its own, so that a second demo need not fetch them again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { withFileLock } from "../src/ground/file-lock.ts";
import { attempts, attemptScript, hasHeld, readAttempts, type AttemptResult } from "./demo/attempts.ts";
import { Story } from "./demo/story.ts";

type Instance = { readonly id: string; readonly address: string; readonly port: number };
type Image = { readonly digest: string; readonly size: number; readonly layers: readonly unknown[] };

const program = join(import.meta.dirname, "../bin/ingot");
const home = join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), ".cache"), "ingot-demo");
const folder = mkdtempSync(join(tmpdir(), "ingot-demo-"));
const project = join(folder, "web-service");
const story = new Story();
const running = new Set<string>();
let interrupted: NodeJS.Signals | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (interrupted = signal));

// One demo at a time: they share the names of their instances.
await withFileLock(join(home, "demo.lock"), perform, { what: "the demo" });

async function perform(): Promise<void> {
  try {
    // What a demo that was killed left running.
    await ingot(["stop", "--all", "--timeout", "0s", "--quiet"], { cwd: folder, isShown: false });
    await tell();
    story.printTimes();
    console.log(`\n${styleText("green", "Everything was as it should be.")} Nothing is left running.`);
  } catch (error) {
    console.error(
      `\n${styleText("red", "The demo failed:")} ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exitCode = 1;
  } finally {
    interrupted = undefined;
    if (running.size > 0) await ingot(["stop", "--timeout", "0s", "--quiet", ...running], { isShown: false });
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tell(): Promise<void> {
  console.log(
    "A web service as golden images: cast from signed Debian packages, run so that nobody can change it, replaced to change it.",
  );
  await story.step("Make a project", async () => ingot(["init", project], { cwd: folder }));
  story.line(readFileSync(join(project, "ingot.yaml"), "utf8").split("\n").slice(2, 15).join("\n"));
  await story.step("Lock: verify the archive's signatures, choose exact packages", async () =>
    story.line(await ingot(["lock"])),
  );
  const first = await story.step("Cast version 1 from nothing", async () => build(["--no-cache"]));
  const old = await story.step("Run two instances of version 1", () => run("demo-v1", 2));
  await story.step("Fetch a page from each", () => fetchPages(old, /Welcome to web-service/));
  await story.step("Try to change an instance from inside", tryToChange);
  await story.step("The page is still the image's", () => fetchPages(old, /Welcome to web-service/));
  changePage();
  const second = await story.step("Change the page in the project and cast version 2", () => build([]));
  assert.notEqual(first.digest, second.digest, "another page, but the same digest");
  const fresh = await story.step("Start two instances of version 2", () => run("demo-v2", 2));
  await story.step("Fetch a page from each new instance", () => fetchPages(fresh, /This is version 2/));
  await story.step("Stop the instances of version 1", () => stop(old));
  await story.step("What differs between the two", async () =>
    story.line(await ingot(["diff", first.digest, second.digest])),
  );
  await story.step("Stop the instances of version 2", () => stop(fresh));
  console.log(`\nversion 1  ${first.digest}\nversion 2  ${second.digest}`);
}

async function build(options: readonly string[]): Promise<Image> {
  const text = await ingot(["build", "--json", ...options]);
  const { images } = JSON.parse(text) as { images: readonly Image[] };
  const [image] = images;
  assert.ok(image, "ingot build made no image");
  story.line(`${image.digest}  ${image.layers.length} layers, ${(image.size / 1e6).toFixed(1)} MB`);
  return image;
}

async function run(id: string, count: number, command: readonly string[] = []): Promise<readonly Instance[]> {
  const words = ["run", "web", "--name", id, "--count", String(count), "--json"];
  const { instances } = JSON.parse(await ingot(command.length === 0 ? words : [...words, "--", ...command])) as {
    instances: readonly Instance[];
  };
  for (const instance of instances) {
    running.add(instance.id);
    story.line(`${instance.id} runs, verified, at ${instance.address}:${instance.port}`);
  }
  assert.equal(instances.length, count);
  return instances;
}

async function stop(instances: readonly Instance[]): Promise<void> {
  await ingot(["stop", ...instances.map(({ id }) => id)]);
  for (const { id } of instances) running.delete(id);
}

async function fetchPages(instances: readonly Instance[], wanted: RegExp): Promise<void> {
  for (const { id, address, port } of instances) {
    const url = `http://${address}:${port}/`;
    const response = await fetchPatiently(url);
    const page = await response.text();
    const line = page.split("\n").find((text) => wanted.test(text));
    assert.ok(response.ok && line !== undefined, `${id} did not serve its page: ${response.status}\n${page}`);
    story.line(`${url}  ${response.status}  ${line.trim()}`);
  }
}

/** An instance runs before its program listens. */
async function fetchPatiently(url: string): Promise<Response> {
  const deadline = Date.now() + 5000;
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(2000) });
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${url} did not answer within five seconds`, { cause: error });
      await sleep(20);
    }
  }
}

async function tryToChange(): Promise<void> {
  const [instance] = await run("demo-attacked", 1, ["sh", "-c", attemptScript()]);
  assert.ok(instance);
  const results = await readResults(instance.id);
  for (const result of results)
    story.line(
      `${hasHeld(result) ? styleText("green", "refused") : styleText("red", "NOT REFUSED")}  ${result.attempt.what}: ${result.said}`,
    );
  await ingot(["stop", "--timeout", "0s", instance.id]);
  running.delete(instance.id);
  assert.ok(results.every(hasHeld), "an instance let itself be changed");
  assert.equal(results.length, attempts.length);
}

async function readResults(id: string): Promise<readonly AttemptResult[]> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const results = readAttempts(readFileSync(join(home, "instances", id, "log"), "utf8"));
    if (results !== undefined) return results;
    await sleep(50);
  }
  throw new Error("the attempts did not come to their end within twenty seconds");
}

function changePage(): void {
  const path = join(project, "public/index.html");
  const page = readFileSync(path, "utf8");
  const changed = page.replace("Welcome to web-service", "Welcome to web-service. This is version 2");
  assert.notEqual(page, changed, "the example's page has other words than the demo expects");
  writeFileSync(path, changed);
}

/** Runs the real program, lets its progress through to stderr, and returns what it printed as its result. */
async function ingot(words: readonly string[], options: { cwd?: string; isShown?: boolean } = {}): Promise<string> {
  if (interrupted !== undefined) throw new Error(`stopped by ${interrupted}`);
  const shown = words.map((word) => (word.includes("\n") ? "'… the attempts …'" : word));
  if (options.isShown !== false) story.command(shown);
  const env = { ...process.env, INGOT_HOME: home };
  const child = spawn(program, words, { cwd: options.cwd ?? project, env, stdio: ["ignore", "pipe", "inherit"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`ingot ${shown.join(" ")} ended with exit code ${code}`);
  return Buffer.concat(output).toString();
}

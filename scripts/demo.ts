// npm run demo: casts a real web service, proves what it is, runs it, tries to change it from inside, finds what is wrong with it and replaces it by
// a version that has the fixes, and releases it by the leave of a policy and two people. Every line that it prints was measured or read in this very run; it fails when anything is not as it says. It
// leaves nothing running. The project and its keys are made anew in a temporary folder; packages stay in a cache of its own, so that a second demo need
// not fetch them again.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { freePort } from "../test/support/daemon.ts";
import { haproxyTraffic } from "../src/fleet/traffic/haproxy-traffic.ts";
import { processContext } from "../src/ground/context.ts";
import { withFileLock } from "../src/ground/file-lock.ts";
import { isDigest, type Digest } from "../src/oci/digest.ts";
import { Controller } from "./demo/controller.ts";
import { Evidence } from "./demo/evidence.ts";
import { Forgeries } from "./demo/forgeries.ts";
import { Governance } from "./demo/governance.ts";
import { Instances } from "./demo/instances.ts";
import { Program } from "./demo/program.ts";
import { Attacker } from "./demo/attacker.ts";
import { Services } from "./demo/services.ts";
import { Story } from "./demo/story.ts";

type Image = {
  readonly digest: string;
  readonly size: number;
  readonly layers: readonly unknown[];
  readonly statements: readonly unknown[];
};

const home = join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), ".cache"), "ingot-demo");
const folder = mkdtempSync(join(tmpdir(), "ingot-demo-"));
const project = join(folder, "web-service");
const story = new Story();
// A passphrase that nobody knows, not even the person who watches: the keys end with the demo.
const environment = { INGOT_KEY_PASSPHRASE: randomBytes(24).toString("base64") };
const program = new Program(story, { home, cwd: project, environment });
const instances = new Instances(program, story);
const evidence = new Evidence(program, story);
const controller = new Controller(story, join(folder, "controller"));
const governance = new Governance(program, story, { controller, folder, project });
const ports = { production: await freePort(), staging: await freePort(), hole: await freePort() };
const host = (): string => controller.host;
const services = new Services(program, story, { governance, evidence, project, host, ports });
const attacker = new Attacker(program, story, {
  governance,
  services,
  project,
  host,
  controllerHome: () => controller.home,
  port: ports.hole,
});
const forgeries = new Forgeries(program, story, folder);

// One demo at a time: they share the names of their instances.
await withFileLock(join(home, "demo.lock"), perform, { what: "the demo" });

async function perform(): Promise<void> {
  try {
    // What a demo that was killed left: instances, and keys whose passphrase is gone.
    await program.run(["stop", "--all", "--timeout", "0s", "--quiet"], { cwd: folder, isShown: false });
    for (const name of ["keys", "login.json", "cache/tokens"])
      rmSync(join(home, name), { recursive: true, force: true });
    await tell();
    story.printTimes();
    console.log(`\n${styleText("green", "Everything was as it should be.")} Nothing is left running.`);
  } catch (error) {
    console.error(
      `\n${styleText("red", "The demo failed:")} ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exitCode = 1;
  } finally {
    program.forgetInterruption();
    await controller.stop();
    await stopServices();
    await instances.stopAll();
    rmSync(folder, { recursive: true, force: true });
    rmSync(join(home, "keys"), { recursive: true, force: true });
  }
}

/** Instances and proxies outlive their controller: that is what they are for. */
async function stopServices(): Promise<void> {
  if (!existsSync(controller.home)) return;
  const words = ["stop", "--all", "--timeout", "0s", "--quiet"];
  await program.run(words, { home: controller.home, cwd: folder, isShown: false });
  const traffic = haproxyTraffic(processContext({ home: controller.home }));
  for (const key of await traffic.list()) await traffic.remove(key, { drain: 0 });
}

async function tell(): Promise<void> {
  console.log(
    "A web service as golden images: cast from signed Debian packages, proven by signed statements, run so that nobody can change it, and replaced to change it.\nOf a command with --json the demo tells in short what it said.",
  );
  const first = await castFirst();
  await story.step("Try to change an instance from inside", () => instances.tryToChange());
  await story.step("Start a controller, and register who may say what", () => governance.begin());
  await story.step("Put policies in force: two people approve what goes to production", () => governance.applyPolicy());
  await story.step("Release version 1 to staging: three instances behind one address", async () => {
    await governance.push({ 1: first });
    await services.deploy("1", "staging");
    await services.fetchPage("staging", /Welcome to web-service/);
  });
  const second = await fix();
  await prove(second);
  await story.step("Try to deceive: whoever owns the registry, but no key", () => deceive(first, second));
  await release(first, second);
  await attack();
  await end(second);
  console.log(`\nversion 1  ${first}\nversion 2  ${second}`);
}

async function castFirst(): Promise<Digest> {
  await story.step("Make a project", async () => program.run(["init", project], { cwd: folder }));
  story.line(
    /^images:[^]*?(?=^services:)/m.exec(readFileSync(join(project, "ingot.yaml"), "utf8"))?.[0].trimEnd() ?? "",
  );
  services.describe();
  await story.step("Make keys, and say whose signatures count", () => evidence.makeKeys(project));
  await story.step("Lock exact packages, for once without the security suite", async () =>
    story.line(await program.run(["lock", "--without-security"])),
  );
  return story.step("Cast version 1 from nothing, and sign what it is made of", () => build(["--no-cache"]));
}

/** From what is wrong with version 1 to a version 2 that has every fix, on every instance of staging. */
async function fix(): Promise<Digest> {
  await story.step("Scan version 1", async () => {
    // How many depends on the day: after a point release of Debian there are few, or none.
    const open = await evidence.scan("web");
    if (open === 0) story.line("Debian's release has every fix of its security suite today: there is nothing to move");
  });
  return story.step("Fix it: from the lock to every instance replaced", async () => {
    const began = performance.now();
    story.line(await program.run(["lock", "--update", "--security"]));
    changePage("Welcome to web-service", "Welcome to web-service. This is version 2");
    const second = await build(["web"]);
    assert.equal(await evidence.scan("web"), 0, "a fix is missing");
    await governance.push({ 2: second });
    await services.deploy("2", "staging");
    await services.fetchPage("staging", /This is version 2/);
    story.line(`from the lock to every instance replaced: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return second;
  });
}

async function prove(second: Digest): Promise<void> {
  await story.step("Test version 2 in a hardened instance, and lint it", async () =>
    story.line(await program.run(["test", "web"])),
  );
  await story.step("Build version 2 again from its own provenance", () => evidence.rebuild(second));
  await story.step("Verify version 2, offline", () => evidence.verify("web"));
}

/** Who may release which image: denied, approved, released, replaced under load, reverted by itself, rolled back. */
async function release(first: Digest, second: Digest): Promise<void> {
  await story.step("Try to release version 1 to production", () => governance.deployTooEarly());
  await story.step("Push what was proven of version 2; its author may not approve it, two others do", async () => {
    await governance.push({ 2: second });
    await governance.approve();
  });
  await story.step("Release version 2 to production", async () => {
    await services.deploy("2", "production");
    await services.fetchPage("production", /This is version 2/);
  });
  await story.step("Pull for production: what its policy permits, and nothing else", () => governance.pull());
  await story.step("Replace it by version 3 while clients ask on", async () => {
    changePage("This is version 2", "This is version 3");
    await services.prepare("3");
    await services.deployUnderLoad("3");
    await services.fetchPage("production", /This is version 3/);
  });
  await story.step("Go back to version 2", async () => {
    await services.rollBack();
    await services.fetchPage("production", /This is version 2/);
  });
  await story.step("Release a version 4 that never becomes healthy", async () => {
    changePage("This is version 3", "This is version 4");
    await services.deployBroken("4");
    await services.fetchPage("production", /This is version 2/);
  });
  assert.notEqual(first, second);
}

/** What an attacker changes on an instance is seen at once, and gone with the replacement. */
async function attack(): Promise<void> {
  await story.step("Release an application with a hole to staging", () => attacker.deployHole());
  await story.step("Attack it: drop a program and run it", () => attacker.dropProgram());
  await story.step("Attack it: run a script by the image's own shell", () => attacker.runScript());
  await story.step("Attack it from the host: a program that is in no file", () => attacker.runFromMemory());
  await story.step("Attack it from the host: enter with a shell", () => attacker.enterFromHost());
  await story.step("What was captured of the last one", () => attacker.show());
}

async function end(second: Digest): Promise<void> {
  await story.step("Revoke a version of a package, and learn what it reaches", () => governance.revoke(second));
  await story.step("What is where, and how it came to be", () => governance.tell());
  await story.step("Verify the ledger; change one byte; verify again", () => governance.audit());
}

async function deceive(first: Digest, second: Digest): Promise<void> {
  await forgeries.alterLayer(second);
  await forgeries.alterStatement(first, second);
  await forgeries.signWithForeignKey(first);
}

async function build(options: readonly string[]): Promise<Digest> {
  const { images } = await program.runJson<{ images: readonly Image[] }>(["build", ...options]);
  const [image] = images;
  assert.ok(image && isDigest(image.digest), "ingot build made no image");
  const { digest, layers, size, statements } = image;
  story.line(
    `${digest}  ${layers.length} layers, ${(size / 1e6).toFixed(1)} MB, ${statements.length} signed statements`,
  );
  return digest;
}

function changePage(from: string, to: string): void {
  const path = join(project, "public/index.html");
  const page = readFileSync(path, "utf8");
  const changed = page.replace(from, to);
  assert.notEqual(page, changed, "the example's page has other words than the demo expects");
  writeFileSync(path, changed);
}

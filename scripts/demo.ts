// npm run demo: casts a real web service, proves what it is, runs it, tries to change it from inside, finds what is wrong with it and replaces it by
// a version that has the fixes, and releases it by the leave of a policy and two people. Every line that it prints was measured or read in this very run; it fails when anything is not as it says. It
// leaves nothing running. The project and its keys are made anew in a temporary folder; packages stay in a cache of its own, so that a second demo need
// not fetch them again.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { withFileLock } from "../src/ground/file-lock.ts";
import { isDigest, type Digest } from "../src/oci/digest.ts";
import { Controller } from "./demo/controller.ts";
import { Evidence } from "./demo/evidence.ts";
import { Forgeries } from "./demo/forgeries.ts";
import { Governance } from "./demo/governance.ts";
import { Instances } from "./demo/instances.ts";
import { Program } from "./demo/program.ts";
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
    await instances.stopAll();
    rmSync(folder, { recursive: true, force: true });
    rmSync(join(home, "keys"), { recursive: true, force: true });
  }
}

async function tell(): Promise<void> {
  console.log(
    "A web service as golden images: cast from signed Debian packages, proven by signed statements, run so that nobody can change it, and replaced to change it.\nOf a command with --json the demo tells in short what it said.",
  );
  const first = await castFirst();
  const old = await story.step("Run two instances of version 1", () => instances.run("demo-v1", 2));
  await story.step("Fetch a page from each", () => instances.fetchPages(old, /Welcome to web-service/));
  await story.step("Try to change an instance from inside", () => instances.tryToChange());
  await story.step("The page is still the image's", () => instances.fetchPages(old, /Welcome to web-service/));
  const second = await fix();
  await prove(second);
  await story.step("Try to deceive: whoever owns the registry, but no key", () => deceive(first, second));
  const fresh = await story.step("Replace: two instances of version 2, then none of version 1", () =>
    instances.run("demo-v2", 2),
  );
  await instances.fetchPages(fresh, /This is version 2/);
  await instances.stop(old);
  await story.step("Stop the instances of version 2", () => instances.stop(fresh));
  await govern(first, second);
  console.log(`\nversion 1  ${first}\nversion 2  ${second}`);
}

async function castFirst(): Promise<Digest> {
  await story.step("Make a project", async () => program.run(["init", project], { cwd: folder }));
  story.line(
    /^images:[^]*?(?=^services:)/m.exec(readFileSync(join(project, "ingot.yaml"), "utf8"))?.[0].trimEnd() ?? "",
  );
  await story.step("Make keys, and say whose signatures count", () => evidence.makeKeys(project));
  await story.step("Lock exact packages, for once without the security suite", async () =>
    story.line(await program.run(["lock", "--without-security"])),
  );
  return story.step("Cast version 1 from nothing, and sign what it is made of", () => build(["--no-cache"]));
}

/** From what is wrong with version 1 to a version 2 that has every fix, and another page. */
async function fix(): Promise<Digest> {
  await story.step("Scan version 1", async () => {
    // How many depends on the day: after a point release of Debian there are few, or none.
    const open = await evidence.scan("web");
    if (open === 0) story.line("Debian's release has every fix of its security suite today: there is nothing to move");
  });
  await story.step("Move just the packages that have a fix", async () =>
    story.line(await program.run(["lock", "--update", "--security"])),
  );
  changePage();
  const second = await story.step("Change the page too, and cast version 2", () => build([]));
  await story.step("Scan version 2", async () => assert.equal(await evidence.scan("web"), 0, "a fix is missing"));
  return second;
}

async function prove(second: Digest): Promise<void> {
  await story.step("Test version 2 in a hardened instance, and lint it", async () =>
    story.line(await program.run(["test", "web"])),
  );
  await story.step("Build version 2 again from its own provenance", () => evidence.rebuild(second));
  await story.step("Verify version 2, offline", () => evidence.verify("web"));
}

/** Who may release which image, at a real controller: denied, approved, permitted, revoked, and proven to somebody else. */
async function govern(first: Digest, second: Digest): Promise<void> {
  await story.step("Start a controller, and register who may say what", () => governance.begin());
  await story.step("Put a policy in force: two people approve what goes to production", () => governance.applyPolicy());
  await story.step("Push both versions with their statements", () => governance.push({ 1: first, 2: second }));
  await story.step("Try to release version 1", () => governance.deployTooEarly());
  await story.step("Approve version 2: its author may not, two others do", () => governance.approve());
  await story.step("Release version 2", () => governance.deploy());
  await story.step("Pull for production: what its policy permits, and nothing else", () => governance.pull());
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

function changePage(): void {
  const path = join(project, "public/index.html");
  const page = readFileSync(path, "utf8");
  const changed = page.replace("Welcome to web-service", "Welcome to web-service. This is version 2");
  assert.notEqual(page, changed, "the example's page has other words than the demo expects");
  writeFileSync(path, changed);
}

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext } from "../../ground/context.ts";
import { openCommitted } from "./committed-file.ts";
import { publicUri, readGitState } from "./git-state.ts";

const ctx = processContext();
const quiet = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

function git(folder: string, ...args: string[]): string {
  const person = ["-c", "user.name=a", "-c", "user.email=a@example", "-c", "commit.gpgSign=false"];
  const env = { ...process.env, ...quiet };
  return execFileSync("git", [...person, ...args], { cwd: folder, env, encoding: "utf8", stdio: "pipe" }).trim();
}

/** Of every commit here. */
const authors = ["a@example"];

type Repository = { readonly root: string; readonly project: string; readonly commit: string };

/** A repository with a project in the folder `shop`. */
function makeRepository(t: TestContext, format = "sha1"): Repository {
  const root = mkdtempSync(join(tmpdir(), "git-state-"));
  t.after(() => rmSync(root, { recursive: true }));
  git(root, "init", "--quiet", `--object-format=${format}`);
  const project = join(root, "shop");
  mkdirSync(join(project, "public"), { recursive: true });
  writeFileSync(join(project, "ingot.yaml"), "project: shop\n");
  writeFileSync(join(project, "public/index.html"), Buffer.from([0, 255, 10]));
  writeFileSync(join(root, "elsewhere"), "a");
  git(root, "add", ".");
  git(root, "commit", "--quiet", "--message=first");
  return { root, project, commit: git(root, "rev-parse", "HEAD") };
}

test("a clean work tree gives its commit and the project's folder in it", async (t) => {
  const { root, project, commit } = makeRepository(t);
  assert.deepEqual(await readGitState(ctx, project), { kind: "commit", commit, folder: "shop/", changed: [], authors });
  assert.deepEqual(await readGitState(ctx, root), { kind: "commit", commit, folder: "", changed: [], authors });
});

test("who wrote, who committed and who took part is named by address, and what is none is left out", async (t) => {
  const { root, project } = makeRepository(t);
  const trailers = "Co-authored-by: Bo <Bo@shop.example>\nCo-authored-by: nobody\nCo-authored-by: X <two words@x>";
  git(
    root,
    "-c",
    "user.email=",
    "commit",
    "--allow-empty",
    "--quiet",
    "--author=Eve <Eve@Shop.example>",
    `--message=m\n\n${trailers}`,
  );
  const state = await readGitState(ctx, project);
  assert.deepEqual(state.kind === "commit" && state.authors, ["bo@shop.example", "eve@shop.example"]);
});

test("a repository with SHA-256 is read as well", async (t) => {
  const { project, commit } = makeRepository(t, "sha256");
  assert.equal(commit.length, 64);
  assert.deepEqual(await readGitState(ctx, project), { kind: "commit", commit, folder: "shop/", changed: [], authors });
});

test("changed, staged, removed and new files of the project are named, what is ignored or outside of it is not", async (t) => {
  const { root, project, commit } = makeRepository(t);
  writeFileSync(join(root, "elsewhere"), "b");
  writeFileSync(join(project, ".gitignore"), "*.log\n");
  writeFileSync(join(project, "a.log"), "");
  writeFileSync(join(project, "ünicode \n"), "");
  writeFileSync(join(project, "staged"), "");
  git(project, "add", "staged");
  appendFileSync(join(project, "ingot.yaml"), "images: {}\n");
  rmSync(join(project, "public/index.html"));
  const changed = [".gitignore", "ingot.yaml", "public/index.html", "staged", "ünicode \n"];
  assert.deepEqual(await readGitState(ctx, project), { kind: "commit", commit, folder: "shop/", changed, authors });
});

test("no repository, no commit and no git are unknown, each with its reason", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "git-none-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() };
  assert.deepEqual(await readGitState({ ...ctx, env }, folder), {
    kind: "unknown",
    reason: "the project is not in a Git work tree",
  });
  git(folder, "init", "--quiet");
  assert.deepEqual(await readGitState(ctx, folder), {
    kind: "unknown",
    reason: "the Git repository has no commit yet",
  });
  assert.deepEqual(await readGitState({ ...ctx, env: { PATH: folder } }, folder), {
    kind: "unknown",
    reason: "git is not installed",
  });
});

test("a damaged repository is unknown, and a pipe in the place of the index does not hold the build", async (t) => {
  const { root, project } = makeRepository(t);
  rmSync(join(root, ".git/index"));
  execFileSync("mkfifo", [join(root, ".git/index")]);
  assert.deepEqual(await readGitState(ctx, project), { kind: "unknown", reason: "the Git repository has no index" });
  rmSync(join(root, ".git/index"));
  writeFileSync(join(root, ".git/index"), "DIRC and then nothing");
  // Git's own words would name folders of this machine, and the reason is signed for strangers.
  assert.deepEqual(await readGitState(ctx, project), { kind: "unknown", reason: "git cannot read the repository" });
});

test("nothing that a hostile repository names is run", async (t) => {
  const { root, project } = makeRepository(t);
  const ran = join(root, "ran");
  const script = join(root, "evil");
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${ran}\ncat\n`);
  chmodSync(script, 0o755);
  for (const hook of ["post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"])
    symlinkSync(script, join(root, ".git/hooks", hook));
  writeFileSync(join(project, ".gitattributes"), "* filter=evil diff=evil\n");
  const named = ["filter.evil.clean", "filter.evil.process", "diff.evil.textconv", "diff.evil.command"];
  for (const key of [...named, "core.fsmonitor", "core.pager", "core.sshCommand", "credential.helper", "diff.external"])
    git(root, "config", key, script);
  git(root, "config", "filter.evil.required", "true");
  // Touched, so that git must look at the content.
  writeFileSync(join(project, "public/index.html"), Buffer.from([0, 255, 10]));
  utimesSync(join(project, "public/index.html"), 1, 1);
  const state = await readGitState(ctx, project);
  assert.deepEqual(state.kind === "commit" && state.changed, [".gitattributes"]);
  using committed = await openCommitted(ctx, [tmpdir(), project]);
  assert.deepEqual(
    await committed.read(git(root, "rev-parse", "HEAD"), "shop/public/index.html"),
    Buffer.from([0, 255, 10]),
  );
  assert.equal(existsSync(ran), false);
  // The trap is one: git itself falls into it.
  spawnSync("git", ["status"], { cwd: root, env: { ...process.env, ...quiet } });
  assert.equal(existsSync(ran), true);
});

test("a work tree that the configuration points elsewhere is not taken for the project's", async (t) => {
  const { root, project } = makeRepository(t);
  // Nobody has temporary files there.
  git(root, "config", "core.worktree", "/usr");
  assert.equal((await readGitState(ctx, project)).kind, "unknown");
});

test("the checkout of another user is read", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root: files of another user");
  const { root, project, commit } = makeRepository(t);
  for (const path of ["", ...readdirSync(root, { recursive: true, encoding: "utf8" })])
    chownSync(join(root, path), 12345, 12345);
  assert.throws(() => git(project, "status"), /dubious ownership/);
  assert.deepEqual(await readGitState(ctx, project), { kind: "commit", commit, folder: "shop/", changed: [], authors });
});

test("the remote is given without what lets its owner in, and paths of this machine are not given", async (t) => {
  const { root, project } = makeRepository(t);
  git(root, "remote", "add", "origin", "https://user:secret@git.example:8443/team/shop.git?token=secret#secret");
  const state = await readGitState(ctx, project);
  assert.equal(state.kind === "commit" && state.uri, "git+https://git.example:8443/team/shop.git");
  const remotes: Readonly<Record<string, string | undefined>> = {
    "git@git.example:team/shop.git": "git+ssh://git.example/team/shop.git",
    "ssh://git:secret@git.example:22/team/shop.git": "git+ssh://git.example:22/team/shop.git",
    "git://git.example/shop": "git+git://git.example/shop",
    "/srv/git/shop.git": undefined,
    "../shop.git": undefined,
    "file:///srv/git/shop.git": undefined,
    "C:\\shop": undefined,
    "ext::sh -c evil": undefined,
    "persistent-https::https://git.example/shop": undefined,
    "https://git.example/a\u0007b": undefined,
    "": undefined,
    // Mistyped: never with the password.
    "https:/user:password@git.example/p.git": "git+https://git.example/p.git",
    "user:password@git.example:p.git": undefined,
  };
  for (const [remote, uri] of Object.entries(remotes)) assert.equal(publicUri(remote), uri, remote);
});

test("a file is read as the commit has it, and not where commit or file are unknown", async (t) => {
  const { project, commit } = makeRepository(t);
  writeFileSync(join(project, "public/index.html"), "changed since");
  using committed = await openCommitted(ctx, [tmpdir(), project]);
  assert.deepEqual(await committed.read(commit, "shop/public/index.html"), Buffer.from([0, 255, 10]));
  assert.equal(await committed.read(commit, "shop/nothing"), undefined);
  assert.equal(await committed.read("0".repeat(40), "shop/ingot.yaml"), undefined);
});

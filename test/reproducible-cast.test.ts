import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../src/ground/run-command.ts";
import type { CastStage, CastStageResult } from "../src/image/cast-plan.ts";
import { castSet, packagesStage, testEpoch } from "./support/cast-set.ts";
import { fetchPackages, hasProgram } from "./support/real-packages.ts";

const requests = [
  ["?essential"],
  ["?essential", "apt", "openssh-server", "redis-server", "python3-minimal", "ssl-cert"],
];

test(
  "a set with host keys, compiled Python and service users gives the same layers everywhere",
  { timeout: 300_000 },
  async (t) => {
    if (!hasProgram("apt-get")) return t.skip("needs apt-get: not installed");
    const work = temporaryFolder(t);
    const stages = await makeStages();
    const home = join(work, "home");
    const first = await castSet(home, stages);

    await t.test("continued from the layers of the first stage", async () => {
      const below = first[0]?.layers ?? [];
      assert.deepEqual(await castSet(home, stages.slice(1), { below }), first.slice(1));
    });

    await t.test("continued after the package stages: commands see the same tree", async () => {
      const below = first.slice(0, 2).flatMap(({ layers }) => layers);
      assert.deepEqual(await castSet(home, stages.slice(2), { below }), first.slice(2));
    });

    await t.test(
      "without a cache, as another user, with other TZ, umask, locale, host name and folder",
      async (sub) => {
        if (process.getuid?.() !== 0) return sub.skip("needs root, to become another user");
        if (!hasProgram("newuidmap")) return sub.skip("needs newuidmap: uidmap is not installed");
        const user = await makeUser(sub);
        if (user === undefined) return sub.skip("needs useradd, with a range in /etc/subuid");
        assert.deepEqual(await castElsewhere(work, { user, stages }), first);
      },
    );

    await t.test("no key, id or log of the casting machine is inside", async () => {
      const names = await listPaths(home, first);
      assert.deepEqual(
        names.filter((path) => /ssh_host_|snakeoil|\.pyc$|var\/log\/(dpkg|alternatives)|aux-cache/.test(path)),
        [],
      );
      assert.ok(names.includes("usr/sbin/sshd") && names.includes("usr/bin/redis-check-rdb"));
    });
  },
);

async function makeStages(): Promise<readonly CastStage[]> {
  const seen = new Set<string>();
  const stages: CastStage[] = [];
  for (const [at, request] of requests.entries()) {
    const packages = (await fetchPackages(request)).filter(({ name }) => !seen.has(name));
    for (const { name } of packages) seen.add(name);
    stages.push(packagesStage(`stage ${at}`, packages));
  }
  const commands = [
    "useradd --system shop",
    "install -d -o shop /srv/shop",
    "date > /srv/shop/.stamp; rm /srv/shop/.stamp",
    "echo hello > /tmp/x",
  ];
  return [...stages, { kind: "run", name: "commands", epoch: testEpoch, commands }];
}

async function castElsewhere(
  work: string,
  { user, stages }: { user: string; stages: readonly CastStage[] },
): Promise<unknown> {
  const plan = join(work, "stages.json");
  writeFileSync(plan, JSON.stringify(stages));
  const home = join(work, "elsewhere");
  mkdirSync(home);
  chmodSync(work, 0o755);
  const uid = Number((await runCommand("id", ["-u", user])).stdout);
  chownSync(home, uid, uid);
  const script = fileURLToPath(new URL("support/cast-elsewhere.ts", import.meta.url));
  const command = `cd ${home} && umask 077 && exec ${process.execPath} --disable-warning=ExperimentalWarning ${script} ${home}/deep/home ${plan}`;
  const env = {
    PATH: process.env.PATH,
    TZ: "Asia/Tokyo",
    LANG: "de_DE.UTF-8",
    LC_ALL: "tr_TR.UTF-8",
    SOURCE_DATE_EPOCH: "1",
    HOME: home,
  };
  const { stdout } = await runCommand(
    "unshare",
    [
      "--uts",
      "sh",
      "-c",
      `hostname elsewhere; exec setpriv --reuid=${user} --regid=${user} --clear-groups sh -c '${command}'`,
    ],
    { env },
  );
  return JSON.parse(stdout);
}

/** A user of its own for the test, gone after it. */
async function makeUser(t: TestContext): Promise<string | undefined> {
  const name = `ingot-test-${process.pid}`;
  const made = await runCommand("useradd", ["--create-home", name], { allowFailure: true }).catch(() => undefined);
  if (made?.code !== 0) return undefined;
  t.after(async () => void (await runCommand("userdel", ["--remove", name], { allowFailure: true })));
  return readFileSync("/etc/subuid", "utf8").includes(`${name}:`) ? name : undefined;
}

async function listPaths(home: string, results: readonly CastStageResult[]): Promise<readonly string[]> {
  const { describeLayers } = await import("./support/describe-tree.ts");
  return [
    ...(
      await describeLayers(
        home,
        results.flatMap(({ layers }) => layers),
      )
    ).keys(),
  ];
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync("/dev/shm/ingot-reproducible-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

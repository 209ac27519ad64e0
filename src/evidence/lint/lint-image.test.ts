import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext } from "../../ground/context.ts";
import { writableLabel } from "../../oci/labels.ts";
import { openStore } from "../../oci/layout.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import type { CheckResult } from "../tests/test-result.ts";
import { lintImage, type LintOptions } from "./lint-image.ts";
import { lints } from "./lints.ts";

type Image = { readonly layers: readonly (readonly TarEntry[])[]; readonly run: object };

/** Puts a real image into a store, reads it back from its layers, and holds it to the lints. */
async function lint(
  t: TestContext,
  image: Image,
  options: Partial<LintOptions> = {},
): Promise<ReadonlyMap<string, CheckResult>> {
  const home = mkdtempSync(join(tmpdir(), "ingot-lint-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const ctx = processContext({ home });
  const layout = openStore(ctx);
  const { digest } = putTinyImage(layout, image);
  const inventory = await readInventory(ctx, { layout, digest });
  const results = await lintImage(ctx, { layout, digest }, { inventory, exceptions: [], without: [], ...options });
  return new Map(results.map((result) => [result.name, result]));
}

const { privateKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

const accounts = [
  tarEntry({
    path: "etc/passwd",
    content: "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n",
  }),
  tarEntry({ path: "etc/group", content: "root:x:0:\nwww-data:x:33:\nadm:x:4:www-data\n" }),
];
const folder = (path: string, more: Partial<TarEntry> = {}): TarEntry =>
  tarEntry({ path, type: "directory", mode: 0o755, ...more });

test("a key is found in a package's file that a later layer replaces, even where that layer holds nothing else", async (t) => {
  const owned = ["etc/app/app.conf", "usr/share/app/index.html", "usr/share/app/as-shipped"];
  const status = "Package: app\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
  const base = [
    ...owned.map((path) => tarEntry({ path, content: "as the package has it" })),
    tarEntry({ path: "var/lib/dpkg/status", content: status }),
    tarEntry({ path: "var/lib/dpkg/info/app.list", content: `${owned.map((path) => `/${path}\n`).join("")}` }),
  ];
  for (const path of owned.slice(0, 2)) {
    const layers = [base, [folder("etc"), tarEntry({ path, content: privateKey })]];
    const result = (await lint(t, { layers, run: {} })).get("private-key");
    assert.deepEqual(
      result?.findings?.map(({ where }) => where),
      [`/${path}`],
    );
  }
});

test("a key is found beside dpkg's own files", async (t) => {
  const layers = [[tarEntry({ path: "var/lib/dpkg/key", content: privateKey })]];
  assert.equal((await lint(t, { layers, run: {} })).get("private-key")?.outcome, "failed");
});

test("a key is found under the name that is left of it when another was taken away", async (t) => {
  const first = tarEntry({ path: "srv/a.pem", content: privateKey });
  const link = tarEntry({ path: "srv/b.pem", type: "hardlink", linkname: "srv/a.pem" });
  const gone = tarEntry({ path: "srv/.wh.a.pem" });
  for (const layers of [
    [[first, link], [gone]],
    [[first], [link], [gone]],
  ]) {
    const results = await lint(t, { layers, run: {} });
    assert.deepEqual(
      results.get("private-key")?.findings?.map(({ where }) => where),
      ["/srv/b.pem"],
    );
  }
});

const sinful: Image = {
  layers: [
    [
      ...accounts,
      folder("etc/ssh"),
      tarEntry({ path: "etc/ssh/ssh_host_rsa_key", content: privateKey, mode: 0o600 }),
      tarEntry({ path: "etc/machine-id", content: `${"0f".repeat(16)}\n` }),
      tarEntry({ path: "srv/hidden.pem", content: privateKey }),
    ],
    [
      tarEntry({ path: "srv/key.pem", content: privateKey }),
      tarEntry({ path: "srv/.wh.hidden.pem" }),
      tarEntry({ path: "srv/token", content: `glpat-${"x1".repeat(10)}` }),
      tarEntry({ path: "srv/setuid", mode: 0o4755, content: "x" }),
      tarEntry({
        path: "srv/capable",
        mode: 0o755,
        content: "x",
        xattrs: new Map([["security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex")]]),
      }),
      tarEntry({ path: "srv/world", mode: 0o666, content: "x" }),
      tarEntry({ path: "srv/log", mode: 0o660, gid: 4, content: "x" }),
      tarEntry({ path: "srv/link", type: "symlink", linkname: "nothing" }),
      tarEntry({ path: "usr/bin/bash", mode: 0o755, content: "x" }),
      tarEntry({ path: "usr/bin/apt", mode: 0o755, content: "x" }),
    ],
  ],
  run: { User: "www-data", ExposedPorts: { "80/tcp": {} } },
};

const clean: Image = {
  layers: [
    [...accounts, tarEntry({ path: "srv/page", content: "hello" }), folder("var/lib/app", { uid: 33, gid: 33 })],
  ],
  run: {
    User: "33:33",
    ExposedPorts: { "80/tcp": {} },
    Labels: { [writableLabel]: '[{"path":"/var/lib/app","size":4096}]' },
  },
};

test("an image with every sin fails every lint, each at the right place", async (t) => {
  const results = await lint(t, sinful, {
    without: ["shell", "package-manager"],
    files: ["/srv/token"],
    listening: [{ port: 9229 }],
  });
  const places = Object.fromEntries(
    [...results].map(([name, { findings = [] }]) => [name, findings.map(({ where }) => where)]),
  );
  assert.deepEqual(
    [...results.values()].filter(({ outcome }) => outcome !== "failed").map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    [...results.keys()],
    lints.map(({ name }) => name),
  );
  assert.deepEqual(places["private-key"], ["/srv/key.pem"], "what a whiteout hides is not in the image");
  assert.deepEqual(places["host-key"], ["/etc/ssh/ssh_host_rsa_key"]);
  assert.deepEqual(places.token, ["/srv/token"]);
  assert.deepEqual(places["unexpected-setuid"], ["/srv/setuid"]);
  assert.deepEqual(places["unexpected-capabilities"], ["/srv/capable"]);
  assert.deepEqual(places["world-writable"], ["/srv/world"]);
  assert.deepEqual(places["service-writable"], ["/srv/log"]);
  assert.deepEqual(places["dangling-link"], ["/srv/link"]);
  assert.deepEqual(places.shell, ["/usr/bin/bash"]);
  assert.deepEqual(places["package-manager"], ["/usr/bin/apt"]);
  assert.deepEqual(places["undeclared-port"], ["port 9229"]);
  assert.ok(
    places["unexplained-content"]?.includes("/srv/setuid") && !places["unexplained-content"].includes("/srv/token"),
  );
});

test("a clean image passes every lint", async (t) => {
  const results = await lint(t, clean, {
    without: ["shell", "package-manager"],
    files: ["/srv"],
    listening: [{ port: 80 }],
  });
  const others = [...results.values()].filter(({ outcome }) => outcome !== "passed");
  assert.deepEqual(others, []);
});

test("an exception holds for its paths, says so, and is named when nothing is left to excuse", async (t) => {
  const exceptions = [
    { lint: "world-writable", reason: "shared on purpose", paths: ["/srv/wor*", "/srv/gone"] },
    { lint: "dangling-link", reason: "made by the service" },
    { lint: "private-key", reason: "of a test", paths: ["/srv/other*"] },
  ];
  const results = await lint(t, sinful, { exceptions });
  assert.equal(results.get("world-writable")?.outcome, "passed");
  assert.match(
    results.get("world-writable")?.message ?? "",
    /1 excused: shared on purpose\. no longer needed in lints: \/srv\/gone/,
  );
  assert.equal(results.get("dangling-link")?.outcome, "skipped");
  assert.match(results.get("dangling-link")?.message ?? "", /made by the service/);
  assert.equal(results.get("private-key")?.outcome, "failed", "an exception for another path excuses nothing");
});

test("an image that runs as root, or as nobody it knows, skips service-writable by name", async (t) => {
  for (const User of ["", "0", "root", "nobody-known"]) {
    const results = await lint(t, { ...clean, run: { User } });
    assert.equal(results.get("service-writable")?.outcome, "skipped", User);
  }
});

/** What is wrong with ingot.yaml, or with what it asks for. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { makeIngotWorld } from "../support/ingot-world.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { runBadCase, type Told } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
const good = "  web: {base: debian:bookworm, packages: [server]}\n";
const world = await makeIngotWorld(
  { after },
  {
    main: [
      { name: "server", version: "1.0", fields: { Depends: "library (>= 1)" } },
      { name: "library", version: "1.0" },
      { name: "needy", version: "1.0", fields: { Depends: "library (>= 2)" } },
      { name: "lonely", version: "1.0", fields: { Depends: "gone" } },
      { name: "rival", version: "1.0", fields: { Conflicts: "library" } },
    ],
  },
);
world.define(good);
if (skip === false) await world.succeed("build");

type WrongDefinition = Told & { readonly args?: readonly string[]; readonly images: string };

const definitions: Readonly<Record<string, WrongDefinition>> = {
  "an unknown key is named with its place and the nearest right word": {
    images: "  web:\n    base: debian:bookworm\n    packges: [server]\n",
    code: "definition-invalid",
    says: [/ingot\.yaml:6:5: .*packges/, /packages/],
  },
  "a wrong type is named with its place and what was expected": {
    images: "  web:\n    base: debian:bookworm\n    packages: {server: yes}\n",
    code: "definition-invalid",
    says: [/ingot\.yaml:6:15: .*list/],
  },
  "all mistakes are told at once": {
    images: "  web:\n    base: debain:bookworm\n    packages: [server]\n    port: many\n    usr: root\n",
    code: "definition-invalid",
    says: [/ingot\.yaml:5:/, /ingot\.yaml:7:/, /ingot\.yaml:8:/],
  },
  "what is no YAML is named with its place": {
    images: "  web: {base: debian:bookworm, packages: [server}\n",
    code: "definition-invalid",
    says: [/ingot\.yaml:4:\d+/],
  },
  "a missing file is named with its place": {
    images: "  web:\n    base: debian:bookworm\n    packages: [server]\n    files: {/srv/page: ./pgae}\n",
    args: ["build"],
    code: "definition-invalid",
    says: [/ingot\.yaml:7:\d+: .*pgae/],
  },
  "an unknown package is named with the nearest ones": {
    images: "  web: {base: debian:bookworm, packages: [sevrer, libary]}\n",
    code: "package-unknown",
    says: [/sevrer.*server/, /libary.*library/],
  },
  "a dependency of which there is no such version is told with the way to it and what there is": {
    images: "  web: {base: debian:bookworm, packages: [needy]}\n",
    code: "packages-unsatisfiable",
    says: ["needy", "library (>= 2)", "1.0"],
  },
  "a dependency that no suite has is told": {
    images: "  web: {base: debian:bookworm, packages: [lonely]}\n",
    code: "packages-unsatisfiable",
    says: [/lonely.*gone/],
  },
  "packages that exclude each other are told with who wants them": {
    images: "  web: {base: debian:bookworm, packages: [server, rival]}\n",
    code: "packages-conflict",
    says: ["server", "rival", "library"],
  },
};

for (const [name, wrong] of Object.entries(definitions)) {
  test(name, { skip }, () =>
    runBadCase(world, {
      ...wrong,
      args: wrong.args ?? ["lock"],
      prepare: () => world.define(wrong.images),
      mend: () => world.define(good),
    }),
  );
}

test("a file that goes away between two builds is named, and the image of the first stays", { skip }, async () => {
  const page = join(world.project, "page");
  world.define("  web:\n    base: debian:bookworm\n    packages: [server]\n    files: {/srv/page: ./page}\n");
  writeFileSync(page, "hello");
  await world.succeed("build");
  await runBadCase(world, {
    args: ["build"],
    code: "definition-invalid",
    says: [/ingot\.yaml:7:\d+: .*page/],
    prepare: () => rmSync(page),
    mend: () => writeFileSync(page, "hello"),
  });
  rmSync(page);
  await world.succeed("diff", "shop/web", "shop/web");
  world.define(good);
});

test("a project that is not there is told with its path", { skip }, () => {
  const folder = join(world.project, "other");
  return runBadCase(world, {
    args: ["lock", "--file", "other/ingot.yaml"],
    code: "definition-missing",
    says: ["other/ingot.yaml"],
    prepare: () => {},
    mend: () => {
      mkdirSync(folder);
      copyFileSync(join(world.project, "ingot.yaml"), join(folder, "ingot.yaml"));
    },
  });
});

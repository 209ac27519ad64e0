import type { Inventory } from "../inventory/inventory.ts";

const hex = (digit: string): string => digit.repeat(64);
const deb = { architecture: "amd64", maintainer: "", files: [], licences: [] } as const;

/** Everything that an inventory may hold, awkward characters included. */
export const inventory: Inventory = {
  image: `sha256:${hex("1")}` as Inventory["image"],
  architecture: "amd64",
  created: "2026-01-02T03:04:05.678901Z",
  os: { id: "debian", versionId: "12", codename: "bookworm", prettyName: "Debian GNU/Linux 12 (bookworm)" },
  debian: [
    {
      ...deb,
      name: "g++",
      version: "4:12.2.0-3",
      source: "gcc-defaults",
      sourceVersion: "1.203",
      maintainer: "Debian GCC Maintainers <debian-gcc@lists.debian.org>",
      homepage: "https://gcc.gnu.org/",
      description: 'a "compiler" <of> C++ & more \u00e9',
      licences: ["GPL-2.0-or-later OR MIT", "GPL-3+ with GCC exception", "MIT", "permissive"],
      contents: hex("a"),
      copyright: hex("b"),
      purl: "pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=bookworm&upstream=gcc-defaults%401.203",
    },
    {
      ...deb,
      name: "g--",
      version: "1~2",
      source: "g--",
      sourceVersion: "1~2",
      maintainer: "Ann (a person) <ann@example.org>",
      homepage: "not a place",
      licences: ["GPL-2.0-or-later OR MIT", "ISC"],
      purl: "pkg:deb/debian/g--@1~2?arch=amd64&distro=bookworm",
    },
    {
      ...deb,
      name: "node-semver",
      version: "7",
      source: "node-semver",
      sourceVersion: "7",
      maintainer: "nobody",
      licences: ["ISC"],
      purl: "pkg:deb/debian/node-semver@7?arch=amd64&distro=bookworm",
    },
  ],
  language: [
    {
      ecosystem: "npm",
      name: "@types/semver",
      version: "7.3.5",
      purl: "pkg:npm/%40types/semver@7.3.5",
      licence: "ISC",
      path: "usr/share/nodejs/@types/semver/package.json",
      debianPackage: "node-semver",
    },
    { ecosystem: "golang", name: "example.org/x", version: "(devel)", purl: "pkg:golang/example.org/x", path: "srv/x" },
    // The same package twice is two components.
    ...["a", "b"].map((folder) => ({
      ecosystem: "pypi" as const,
      name: "six",
      version: "1.16.0",
      purl: "pkg:pypi/six@1.16.0",
      licence: "see the file LICENSE",
      path: `srv/${folder}/six.dist-info/METADATA`,
    })),
  ],
  unowned: [
    { path: "etc/a b", type: "file", mode: 0o644, uid: 0, gid: 0, size: 1, sha256: hex("c") },
    { path: "etc/a-b", type: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0 },
  ],
  notes: [],
};

/** Of an image that is nothing but its files. */
export const bareInventory: Inventory = {
  image: `sha256:${hex("2")}` as Inventory["image"],
  architecture: "arm64",
  debian: [],
  language: [],
  unowned: [],
  notes: [],
};

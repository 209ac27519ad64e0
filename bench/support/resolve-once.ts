// resolve-once.ts SUITE=FILE… -- PACKAGE…: reads package lists and prints how many packages are to be installed on an empty system.
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

// As bin/ingot does, before anything else is loaded.
enableCompileCache(join(tmpdir(), `ingot-bench-compiled-${process.getuid?.()}`));
const { parsePackageIndex } = await import("../../src/debian/resolve/package-index.ts");
const { resolvePackages } = await import("../../src/debian/resolve/resolve.ts");
const { digestOf } = await import("../../src/oci/digest.ts");

const split = process.argv.indexOf("--");
const suites = process.argv.slice(2, split).map((word) => {
  const [suite = "", file = ""] = word.split("=");
  const archive = suite.endsWith("-security") ? ("security" as const) : ("main" as const);
  return {
    suite: { archive, suite, components: ["main"], digest: digestOf(""), date: "", signedBy: [] },
    packages: [readFileSync(file)],
  };
});
const index = parsePackageIndex(suites, { architecture: "amd64" });
const packages = process.argv.slice(split + 1);
const { packages: chosen } = resolvePackages(index, { packages, essential: false, recommends: false });
console.log(`${chosen.length} packages`);

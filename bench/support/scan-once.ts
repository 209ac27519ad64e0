// scan-once.ts HOME PACKAGES: matches as many source packages with the feeds of HOME, as a scan does, and prints what it found and the most memory it had.
import { scanInventory } from "../../src/evidence/scan/scan-image.ts";
import { openFeeds } from "../../src/evidence/feeds/open-feeds.ts";
import type { Inventory } from "../../src/evidence/inventory/inventory.ts";
import { processContext } from "../../src/ground/context.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { sourceName } from "./synthetic-tracker.ts";

const [, , home = "", count = "0"] = process.argv;
const ctx = processContext({ home });
const debian: Inventory["debian"] = Array.from({ length: Number(count) }, (_, number) => {
  // Every fourth one: those with thousands of vulnerabilities are among them.
  const source = sourceName((number * 4) % 4500);
  return {
    name: `lib${source}`,
    version: "1.8.0-1+b2",
    architecture: "amd64",
    source,
    sourceVersion: "1.8.0-1",
    maintainer: "nobody",
    licences: [],
    purl: `pkg:deb/debian/lib${source}@1.8.0-1%2Bb2?arch=amd64`,
    files: [],
  };
});
const inventory: Inventory = {
  image: digestOf(""),
  architecture: "amd64",
  os: { id: "debian", versionId: "12", codename: "bookworm", prettyName: "Debian GNU/Linux 12 (bookworm)" },
  debian,
  language: [],
  unowned: [],
  notes: [],
};
const { findings } = await scanInventory({ now: ctx.now() }, inventory, await openFeeds(ctx));
const memory = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ packages: debian.length, findings: findings.length, memory }));

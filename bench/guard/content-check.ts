import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import { checkContent } from "../../src/guard/content/check-content.ts";
import { instanceSpec } from "../../src/runtime/image-instance.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { isInstalled, makeTestHome, type TestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import type { BenchWork, Comparison, Side } from "../comparison.ts";

/** All content that an image's instances run from, beside the tool that Debian has for the same root. */
export async function* contentCheck(work: BenchWork): AsyncGenerator<Comparison, void, void> {
  if (!isInstalled("aide")) console.error("guard, content: without aide, which is not installed");
  mkdirSync(work.folder, { recursive: true });
  const home = await makeTestHome(work.folder);
  try {
    await runcRuntime(home.ctx).start(await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] }));
    const ours = ourSide(home);
    yield {
      title: "full content check of an image's root",
      note: `to reach: 0.25 × aide; checksums of all content, ${ours.size} as it is mounted; both read from memory`,
      runs: work.runs(5),
      sides: [ours, ...(isInstalled("aide") ? [await aideSide(home, work.folder)] : [])],
    };
  } finally {
    await removeTestHome(home);
  }
}

function ourSide({ home, image }: TestHome): Side & { readonly size: string } {
  const paths = runtimePaths(home);
  const path = paths.contentFile(image.digest);
  const { sha256 } = JSON.parse(readFileSync(paths.contentRecord(image.digest), "utf8")) as { sha256: string };
  return {
    name: "ingot, the guard's sweep of content",
    size: `${Math.round(statSync(path).size / 1e6)} MB`,
    run: async () => {
      const found = await checkContent({ path, sha256 }, 0);
      return found.length === 0 ? undefined : "differs";
    },
  };
}

/** The same questions of every file that the checksum of the whole answers: its content, kind, owner, mode and size. */
async function aideSide({ home, image }: TestHome, folder: string): Promise<Side> {
  const root = runtimePaths(home).contentMount(image.digest);
  const [config, database] = [join(folder, "aide.conf"), join(folder, "aide.db")];
  const lines = [
    `database_in=file:${database}`,
    `database_out=file:${database}`,
    "gzip_dbout=no",
    `report_url=file:${join(folder, "aide.report")}`,
    `${root} ftype+p+u+g+s+n+sha256`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  await runCommand("aide", [`--config=${config}`, "--init"]);
  return {
    name: "aide --check",
    run: async () => {
      const { code } = await runCommand("aide", [`--config=${config}`, "--check"], { allowFailure: true });
      return code === 0 ? undefined : `exit code ${code}`;
    },
  };
}

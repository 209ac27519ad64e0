import { join } from "node:path";
import { existsSync } from "node:fs";
import { withFileLock } from "../../src/ground/file-lock.ts";
import { isCode } from "../../src/debian/archive/retry.ts";
import { parsePackageIndex, type PackageIndex } from "../../src/debian/resolve/package-index.ts";
import { AptAnswers } from "./apt-answers.ts";
import { IsolatedApt } from "./isolated-apt.ts";
import { testCache } from "./test-cache.ts";

export type TestApt = { readonly apt: IsolatedApt; readonly answers: AptAnswers; readonly index: PackageIndex };

const cache = testCache();

/** The real archive and the real apt of this host, or why there is none. Test files that run side by side take turns to update the lists. */
export async function openTestApt(): Promise<TestApt | string> {
  if (!existsSync("/usr/bin/apt-get")) return "needs apt-get: not installed";
  try {
    const folder = join(cache, "apt");
    const apt = await withFileLock(join(cache, "apt.lock"), () => IsolatedApt.open(folder), { wait: 120_000 });
    const index = parsePackageIndex(await apt.readIndexes(), { architecture: "amd64" });
    return { apt, answers: await AptAnswers.of(apt), index };
  } catch (error) {
    if (isCode(error, ["mirror-unknown"])) return "needs a Debian mirror: no apt source and no INGOT_DEBIAN_MIRROR";
    throw error;
  }
}

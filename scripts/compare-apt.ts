/** `npm run compare:apt`: resolves packages and asks apt itself; ends with 1 when they differ without a documented reason. See docs/resolution.md. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { IngotError } from "../src/ground/error.ts";
import { parsePackageIndex, type PackageIndex } from "../src/debian/resolve/package-index.ts";
import { compareWithApt, type Comparison } from "../test/support/compare-with-apt.ts";
import { IsolatedApt, type AptQuestion } from "../test/support/isolated-apt.ts";
import { readRequests } from "../test/support/read-requests.ts";
import { twoAtATime } from "../test/support/two-at-a-time.ts";

const usage =
  "npm run compare:apt -- [--recommends] [--essential] [--together] [--simulate] [--list FILE] [--random COUNT [--seed N]] [PACKAGE…]";

try {
  await main();
} catch (error) {
  if (!(error instanceof IngotError)) throw error;
  process.stderr.write([`${error.code}: ${error.message}`, ...error.details, error.hint ?? usage].join("\n") + "\n");
  process.exitCode = error.exitCode;
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  const requests = [
    ...(values.list === undefined ? [] : readRequests(values.list)),
    ...(values.together ? [positionals] : positionals.map((name) => [name])),
  ].filter((names) => names.length > 0);
  if (requests.length === 0 && values.random === undefined)
    throw new IngotError("usage", "no package to compare", { hint: usage });
  const apt = await IsolatedApt.open(
    process.env.INGOT_COMPARE_APT ?? join(tmpdir(), `ingot-apt-${process.getuid?.()}`),
  );
  const bytes = await apt.readIndexes();
  const start = performance.now();
  const index = parsePackageIndex(bytes, { architecture: "amd64" });
  process.stdout.write(`indexes read in ${(performance.now() - start).toFixed(0)} ms\n`);
  const essential = values.essential ? index.essentialNames() : [];
  const random = randomRequests([...index.names()], Number(values.random ?? 0), Number(values.seed));
  const questions = [...requests, ...random].map((names) => ({
    names: [...new Set([...essential, ...names])],
    recommends: values.recommends,
    title: names.join(" "),
  }));
  const comparisons = await twoAtATime(questions, (question) =>
    compareOne({ apt, index, question, simulate: values.simulate }),
  );
  report(comparisons);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        recommends: { type: "boolean", default: false },
        essential: { type: "boolean", default: false },
        together: { type: "boolean", default: false },
        simulate: { type: "boolean", default: false },
        list: { type: "string" },
        random: { type: "string" },
        seed: { type: "string", default: "1" },
      },
    });
  } catch (error) {
    throw new IngotError("usage", error instanceof Error ? error.message : String(error), {
      hint: usage,
      cause: error,
    });
  }
}

/** Requests of one to twelve names out of all, the same for the same seed. */
function randomRequests(names: readonly string[], count: number, seed: number): readonly (readonly string[])[] {
  let state = seed;
  const random = (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  const pick = () => names[random(names.length)] ?? "";
  return Array.from({ length: count }, () => Array.from({ length: 1 + random(12) }, pick));
}

type Comparing = {
  readonly apt: IsolatedApt;
  readonly index: PackageIndex;
  readonly question: AptQuestion & { readonly title: string };
  /** Let apt simulate dpkg's steps too: the same decision, in twice the time and more. */
  readonly simulate: boolean;
};

async function compareOne({ apt, index, question, simulate }: Comparing): Promise<Comparison> {
  const start = performance.now();
  const answer = simulate ? await apt.simulate(question) : await apt.plan(question);
  const aptTime = performance.now() - start;
  const comparison = compareWithApt(index, question, answer);
  const times = `Ingot ${comparison.time.toFixed(0)} ms, apt ${aptTime.toFixed(0)} ms`;
  const lines = [
    `${comparison.verdict} ${question.title}: ${comparison.size} packages (${times})`,
    ...comparison.lines,
  ];
  process.stdout.write(`${lines.join("\n  ")}\n`);
  return comparison;
}

function report(comparisons: readonly Comparison[]): void {
  const count = (verdict: Comparison["verdict"]) => comparisons.filter((each) => each.verdict === verdict).length;
  const different = count("different");
  process.stdout.write(`${count("equal")} equal, ${count("documented")} documented, ${different} different\n`);
  if (different > 0) process.exitCode = 1;
}

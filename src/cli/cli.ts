import { commands } from "./commands.ts";
import type { CommandEntry } from "./command.ts";
import { IngotError } from "../ground/error.ts";
import { endProcess, guardOutput, watchSignals } from "./process-end.ts";

/** Runs one command line to the end of the process. */
export async function main(argv: readonly string[], table: readonly CommandEntry[] = commands): Promise<never> {
  const signal = watchSignals();
  guardOutput();
  try {
    return await endProcess(await dispatch(argv, { table, signal }));
  } catch (error) {
    const { printError } = await import("./print-error.ts");
    const json = argv.includes("--json");
    return endProcess(await printError(error, { json, signal }));
  }
}

/** Finds the command and runs it; returns the exit code. Only the called command's file and commander are loaded. */
async function dispatch(
  argv: readonly string[],
  { table, signal }: { table: readonly CommandEntry[]; signal: AbortSignal },
): Promise<number> {
  const position = argv.findIndex((word) => !word.startsWith("-"));
  const [name, rest] = splitCommand(argv, position);
  if (name === undefined) return await answerWithoutCommand(rest);
  if (name === "help") return await showHelp(rest[0], table);
  const { runCommandFile } = await import("./run-command-file.ts");
  return await runCommandFile(await findCommand(name, table), rest, signal);
}

function splitCommand(argv: readonly string[], position: number): [string | undefined, readonly string[]] {
  if (position < 0) return [undefined, argv];
  return [argv[position], argv.toSpliced(position, 1)];
}

async function answerWithoutCommand(options: readonly string[]): Promise<number> {
  const { helpText } = await import("./help.ts");
  const [first] = options;
  if (first === "--version" || first === "-V") {
    const { readVersion } = await import("../ground/version.ts");
    process.stdout.write(`${readVersion()}\n`);
  } else if (first === "--help" || first === "-h") process.stdout.write(helpText());
  else if (first === undefined) {
    process.stderr.write(helpText());
    return 2;
  } else throw new IngotError("usage", `no command is given, only ${options.join(" ")}`, { hint: "ingot --help" });
  return 0;
}

async function showHelp(name: string | undefined, table: readonly CommandEntry[]): Promise<number> {
  const { helpText } = await import("./help.ts");
  if (name === undefined) {
    process.stdout.write(helpText());
    return 0;
  }
  const { runCommandFile } = await import("./run-command-file.ts");
  return await runCommandFile(await findCommand(name, table), ["--help"], new AbortController().signal);
}

async function findCommand(name: string, table: readonly CommandEntry[]): Promise<CommandEntry> {
  const found = table.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const { nearestWord } = await import("../ground/nearest-word.ts");
  const nearest = nearestWord(name, [...table.map((entry) => entry.name), "help"]);
  const question = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  throw new IngotError("usage", `there is no command "${name}"${question}`, {
    hint: nearest === undefined ? "ingot --help" : `ingot ${nearest} --help`,
  });
}

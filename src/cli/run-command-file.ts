import { Command, CommanderError } from "commander";
import { ingotHome, processContext, type Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { takeEnvironment } from "../ground/secret-environment.ts";
import { secretAsker } from "./ask-secret.ts";
import type { Call, CommandEntry, GlobalOptions, Handle, Outcome } from "./command.ts";
import { plainJson, plainText } from "./plain-text.ts";
import { createReporter } from "./report.ts";

/** Loads a command's file, parses `args` by what it declares, and runs it. Returns the exit code; throws `usage` and the command's errors. */
export async function runCommandFile(
  entry: CommandEntry,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const file = await entry.load();
  let exitCode = 0;
  const handle: Handle = (work) =>
    async function action(this: Command, ...given: unknown[]) {
      // Commander passes the arguments, then the options and the command itself, which `this` is already. What it parsed has the
      // shapes that the file declared beside its handler: the one place where that is taken on trust.
      const values = given.slice(0, -2);
      const untyped = work as unknown as (call: Call<object>, ...values: unknown[]) => ReturnType<typeof work>;
      exitCode = await carryOut(this.optsWithGlobals<GlobalOptions>(), signal, (call) => untyped(call, ...values));
    };
  const command = new Command(`ingot ${entry.name}`).description(capitalise(entry.summary));
  file.declare(command, handle);
  finishDeclaration(command, entry.name);
  try {
    await command.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return explainParseError(error, entry);
    throw error;
  }
  return exitCode;
}

type Work = (call: Call<object>) => Promise<Outcome> | Outcome;

async function carryOut(options: GlobalOptions, signal: AbortSignal, work: Work): Promise<number> {
  const report = createReporter({ stream: process.stderr, isQuiet: options.quiet === true });
  const askSecret = secretAsker(signal);
  const env = takeEnvironment();
  const ctx: Context = processContext({
    env,
    report,
    signal,
    fetch: trustingFetch(ingotHome(env)),
    controllerUrl: async (registry) => (await import("./controller-access.ts")).controllerUrl(ctx, registry),
    registryLogin: async (registry) => (await import("./controller-access.ts")).registryLogin(ctx, registry),
    ...(askSecret === undefined ? {} : { askSecret }),
  });
  try {
    const outcome = await work({ ctx, options, write: (text) => process.stdout.write(text) });
    report.close();
    printOutcome(outcome, options);
    return outcome.exitCode ?? 0;
  } finally {
    // Before any error is printed, or it would be drawn over.
    report.close();
  }
}

/** `fetch`, once this process also takes the certificates that a login named. They are looked up where a request is made: most starts make none. */
function trustingFetch(home: string): typeof fetch {
  let isReady = false;
  return async (input, init) => {
    if (!isReady) {
      const { trustLoginCas } = await import("./sign-in/trust-ca.ts");
      trustLoginCas({ home });
      isReady = true;
    }
    return globalThis.fetch(input, init);
  };
}

function printOutcome(outcome: Outcome, options: GlobalOptions): void {
  if (options.json) process.stdout.write(`${plainJson(JSON.stringify(outcome.json))}\n`);
  else if (outcome.text !== "") process.stdout.write(`${plainText(outcome.text)}\n`);
}

/** What every command and subcommand shares: the global options, and errors that are thrown instead of printed. */
function finishDeclaration(command: Command, path: string): void {
  command
    .option("--json", "print one JSON object on stdout")
    .option("-q, --quiet", "no progress, only warnings and errors")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .allowExcessArguments(false)
    // A subcommand's options are its own, also where its parent has one of the same name (`ingot lock diff --file x`).
    .enablePositionalOptions()
    .configureOutput({ outputError: () => {} })
    .exitOverride((error) => {
      mistaken.set(error, path);
      throw error;
    });
  for (const child of command.commands) finishDeclaration(child, `${path} ${child.name()}`);
}

/** Which command or subcommand was written wrongly: its own help is the one to read. */
const mistaken = new WeakMap<CommanderError, string>();

/** Help that was asked for is printed by commander and is a success; everything else becomes a `usage` error with the command's help as hint. */
function explainParseError(error: CommanderError, entry: CommandEntry): number {
  if (error.exitCode === 0) return 0;
  // A command that is nothing without a subcommand: commander prints its help and says so by this.
  const text = error.code === "commander.help" ? "" : error.message;
  const [message = "", ...more] = text.replace(/^error: /, "").split("\n");
  const details = more.filter((line) => line.trim() !== "");
  throw new IngotError("usage", message || `"ingot ${entry.name}" needs a subcommand`, {
    details,
    hint: `ingot ${mistaken.get(error) ?? entry.name} --help`,
    cause: error,
  });
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { parseListenAddress } from "../../ground/listen-address.ts";
import type { Declare, Outcome } from "../command.ts";

type InitOptions = { readonly name?: string; readonly folder?: string };
type ServeOptions = {
  readonly log: readonly string[];
  readonly listen: string;
  readonly folder?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
};

const folderOption = ["--folder <path>", "where its key and memory are (default: witness in $INGOT_HOME)"] as const;

/** `ingot witness`: the other side of a controller's log, best on another host: it vouches that nobody is shown another history. */
export const declare: Declare = (command, handle) => {
  command
    .command("init")
    .description("make the key of a witness, and print its public half")
    .option("--name <name>", "what it is called in checkpoints, such as witness.example/w1 (default: HOST/witness)")
    .option(...folderOption)
    .action(handle<InitOptions>(({ ctx, options }) => init(ctx, options)));
  command
    .command("serve")
    .description("cosign checkpoints of these logs until a signal ends it")
    .requiredOption("--log <vkey...>", "the public key of each log: NAME+ID+KEY")
    .option("--listen <address:port>", "where to listen", "127.0.0.1:8701")
    .option(...folderOption)
    .option("--tls-cert <file>", "certificate in PEM; without one it listens at loopback only")
    .option("--tls-key <file>", "the certificate's key in PEM, readable to nobody else")
    .action(
      handle<ServeOptions>(async ({ ctx, options, write }) => {
        await serve(ctx, options, write);
        return { json: { stopped: true }, text: "" };
      }),
    );
};

async function init(ctx: Context, options: InitOptions): Promise<Outcome> {
  const { createLogKey } = await import("../../ledger/log/log-key.ts");
  const { witnessVerifierKey } = await import("../../ledger/witness/cosignature.ts");
  const folder = folderOf(ctx, options);
  const key = createLogKey(join(folder, keyFile), options.name ?? `${hostname()}/witness`);
  const verifierKey = witnessVerifierKey(key);
  const text = `${verifierKey}\nnext: ingot witness serve --log VKEY, and this key under \`witnesses:\` of the controller`;
  return { json: { name: key.name, verifierKey, folder }, text };
}

async function serve(ctx: Context, options: ServeOptions, write: (text: string) => void): Promise<void> {
  const [{ readLogKey }, { parseVerifierKey }, { serveWitness }] = await Promise.all([
    import("../../ledger/log/log-key.ts"),
    import("../../ledger/log/verifier-key.ts"),
    import("../../ledger/witness/serve-witness.ts"),
  ]);
  const folder = folderOf(ctx, options);
  const logs = options.log.map((verifierKey) => ({
    origin: parseVerifierKey(verifierKey, "--log").name,
    verifierKey,
  }));
  const tls = await readTlsFiles(ctx, options);
  const served = await serveWitness({
    folder,
    key: readKey(() => readLogKey(join(folder, keyFile))),
    logs,
    listen: { ...parseListenAddress(options.listen), ...(tls === undefined ? {} : { tls }) },
    now: ctx.now,
    report: ctx.report,
  });
  try {
    const names = logs.map(({ origin }) => origin).join(", ");
    write(`witness of ${names} at ${served.url}\n  ${served.verifierKey}\n`);
    await stopped(ctx.signal);
  } finally {
    await served.close();
  }
}

const keyFile = "witness.key";

function folderOf(ctx: Context, { folder }: { readonly folder?: string }): string {
  return folder === undefined ? join(ctx.home, "witness") : resolve(ctx.cwd, folder);
}

function readKey<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "key-missing") throw error;
    throw new IngotError("key-missing", error.message, { hint: "ingot witness init", cause: error });
  }
}

async function readTlsFiles(
  ctx: Context,
  { tlsCert, tlsKey }: ServeOptions,
): Promise<{ readonly certificate: string; readonly key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new IngotError("usage", "--tls-cert and --tls-key belong together, and one of them is missing", {
      hint: "ingot witness serve --help",
    });
  }
  const [{ readGivenFile }, { readPrivateFile }] = await Promise.all([
    import("../read-given-file.ts"),
    import("../../ground/private-file.ts"),
  ]);
  const key = readPrivateFile(resolve(ctx.cwd, tlsKey));
  if (key !== undefined) return { certificate: readGivenFile(ctx, tlsCert), key };
  throw new IngotError("key-missing", `there is no key in ${tlsKey}`, {
    hint: "name the file of the certificate's key",
  });
}

/** The end that was asked for is a success. */
function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

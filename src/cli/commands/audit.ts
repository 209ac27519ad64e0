import type { Command } from "commander";
import type { Declare, Handle } from "../command.ts";
import { declareFilters } from "../release/history-filters.ts";
import type { HistoryWish } from "../release/read-history.ts";

type VerifyFlags = {
  readonly folder?: string;
  readonly key?: readonly string[];
  readonly witness?: readonly string[];
  readonly checkpoint?: string;
};
type CheckFlags = { readonly key: string; readonly witness?: readonly string[] };

/** `ingot audit …`: what proves the history, to us and to others. */
export const declare: Declare = (command, handle) => {
  declareVerify(command, handle);
  declareShow(command, handle);
  declareProve(command, handle);
  declareCheck(command, handle);
  declareExport(command, handle);
  declareKey(command, handle);
  declareTrustedRoot(command, handle);
};

function declareVerify(command: Command, handle: Handle): void {
  command
    .command("verify")
    .description("check both logs and the database, offline, from their files and public keys alone")
    .option("--folder <folder>", "what holds events/, signatures/ and state.db (default: ledger in $INGOT_HOME)")
    .option("--key <vkey>", "the public key of a log, as `ingot audit key` prints it; once for each log", collect)
    .option("--witness <vkey>", "a witness who must have cosigned the events; may be repeated", collect)
    .option("--checkpoint <file>", "a checkpoint of the events that was kept elsewhere: they must continue it")
    .action(
      handle<VerifyFlags>(async ({ ctx, options }) => {
        const { join, resolve } = await import("node:path");
        const { readGivenFile } = await import("../read-given-file.ts");
        const { verifyHome } = await import("../audit/verify-home.ts");
        const { describeVerified } = await import("../audit/describe-verified.ts");
        const folder = options.folder === undefined ? join(ctx.home, "ledger") : resolve(ctx.cwd, options.folder);
        const from = options.checkpoint === undefined ? undefined : resolve(ctx.cwd, options.checkpoint);
        const kept = from === undefined ? {} : { kept: { note: readGivenFile(ctx, from), from } };
        const { key: keys = [], witness: witnesses = [] } = options;
        const verified = verifyHome({ folder, keys, witnesses, ...kept });
        const { logs, state, isGood } = verified;
        return {
          json: {
            verified: isGood,
            logs: logs.map(({ found, ...log }) => ({ ...log, ...withHex(found) })),
            ...(state === undefined ? {} : { state }),
          },
          text: describeVerified(verified, { witnesses }),
          ...(isGood ? {} : { exitCode: 4 }),
        };
      }),
    );
}

/** Several of an option. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

type Head = { readonly origin: string; readonly size: number; readonly root: Buffer };

function withHex<T extends { readonly checkpoint: Head | undefined }>(found: T): object {
  const { checkpoint, ...rest } = found;
  return { ...rest, checkpoint: checkpoint && { ...checkpoint, root: checkpoint.root.toString("base64") } };
}

function declareShow(command: Command, handle: Handle): void {
  const show = command
    .command("show")
    .description("print events as they are on the record, the newest first, one JSON object a line")
    .option("--service <name>", "only what is about this service");
  declareFilters(show).action(
    handle<HistoryWish>(async ({ ctx, options }) => {
      const { openControllerClient } = await import("../controller-client.ts");
      const { readHistory } = await import("../release/read-history.ts");
      const { events, before } = await readHistory(ctx, openControllerClient(ctx), options);
      const shown = events.map(({ sentence: _, ...event }) => event);
      return {
        json: { events: shown, ...(before === undefined ? {} : { before }) },
        text: shown.map((event) => JSON.stringify(event)).join("\n"),
      };
    }),
  );
}

function declareProve(command: Command, handle: Handle): void {
  command
    .command("prove")
    .description("get a receipt for an event, which others check offline")
    .argument("<event>", "its number: 124 or #124")
    .option("--output <file>", "where to write it (default: standard output)")
    .action(
      handle<{ readonly output?: string }, [string]>(async ({ ctx, options }, text) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { parseEventNumber } = await import("../audit/parse-event-number.ts");
        const index = parseEventNumber(text);
        const receipt = await openControllerClient(ctx).get<object>(`/api/v1/audit/receipts/${index}`);
        if (options.output === undefined) return { json: receipt, text: JSON.stringify(receipt, undefined, 2) };
        const { resolve } = await import("node:path");
        const { writeFileAtomic } = await import("../../ground/atomic-file.ts");
        const file = resolve(ctx.cwd, options.output);
        writeFileAtomic(file, `${JSON.stringify(receipt, undefined, 2)}\n`);
        return { json: { event: index, file }, text: `${file}  receipt of #${index}` };
      }),
    );
}

function declareCheck(command: Command, handle: Handle): void {
  command
    .command("check")
    .description("check a receipt offline, with the log's public key")
    .argument("<receipt>", "a file that `ingot audit prove` or `export` wrote")
    .requiredOption("--key <vkey>", "the public key of the log of events")
    .option("--witness <vkey>", "a witness who must have cosigned; may be repeated", collect)
    .action(
      handle<CheckFlags, [string]>(async ({ ctx, options }, file) => {
        const { readGivenFile } = await import("../read-given-file.ts");
        const { checkReceipt } = await import("../../controller/audit/receipt.ts");
        const { tellEvent } = await import("../../controller/events/tell-event.ts");
        const { witness: witnesses = [] } = options;
        const { event, checkpoint } = checkReceipt(readGivenFile(ctx, file), { key: options.key, witnesses });
        const { origin, size, root } = checkpoint;
        return {
          json: { verified: true, event, checkpoint: { origin, size, root: root.toString("base64") } },
          text: `proven: #${event.index}  ${event.time}  ${tellEvent(event)}\n  it is in the log ${origin} of ${size} entries, root ${root.toString("base64")}`,
        };
      }),
    );
}

function declareExport(command: Command, handle: Handle): void {
  command
    .command("export")
    .description(
      "write everything about a release to a folder: a page to read and print, JSON, and a receipt of each event",
    )
    .argument("<release>", "SERVICE for the current release, or SERVICE@NUMBER")
    .requiredOption("--environment <name>", "where it is released")
    .requiredOption("--output <folder>", "a new or empty folder")
    .action(
      handle<{ readonly environment: string; readonly output: string }, [string]>(async ({ ctx, options }, release) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { exportRelease } = await import("../audit/export-release.ts");
        const wanted = { release, environment: options.environment, output: options.output };
        const { folder, dossier } = await exportRelease(ctx, openControllerClient(ctx), wanted);
        const { service, number, environment } = dossier.release;
        const events = dossier.events.length;
        return {
          json: { folder, release: { service, environment, number }, events },
          text: `${folder}/index.html  release ${number} of ${service} in ${environment}, with ${events} receipts, each of them checked`,
        };
      }),
    );
}

function declareKey(command: Command, handle: Handle): void {
  command
    .command("key")
    .description("print the public keys of the controller's logs: note them where the controller cannot write")
    .action(
      handle(async ({ ctx }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        type About = { readonly logs: { readonly events: string; readonly signatures: string } };
        const { logs } = await openControllerClient(ctx).get<About>("/api/v1/controller");
        return { json: logs, text: `${logs.events}\n${logs.signatures}` };
      }),
    );
}

function declareTrustedRoot(command: Command, handle: Handle): void {
  command
    .command("trusted-root")
    .description("print the trusted root with which cosign verifies images of this controller offline")
    .action(
      handle(async ({ ctx }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const root = await openControllerClient(ctx).get<object>("/api/v1/audit/trusted-root");
        return { json: root, text: JSON.stringify(root, undefined, 2) };
      }),
    );
}

import type { Command } from "commander";
import type { GuardView } from "../../controller/drift/guard-view.ts";
import type { ShownDrift } from "../../controller/drift/show-drift.ts";
import type { Capture } from "../../controller/drift/capture-drift.ts";
import type { RecordedDrift } from "../../controller/state/drift.ts";
import { IngotError } from "../../ground/error.ts";
import type { Declare, Handle } from "../command.ts";

/** `ingot drift …`: what was found on instances that their image does not explain, and what became of it. */
export const declare: Declare = (command, handle) => {
  declareList(command, handle);
  declareShow(command, handle);
  declareStatus(command, handle);
  declareCapture(command, handle);
  declareReset(command, handle);
  declareKey(command, handle);
};

type ListOptions = {
  readonly environment?: string;
  readonly instance?: string;
  readonly since?: string;
  readonly open?: boolean;
  readonly limit: string;
};

function declareList(command: Command, handle: Handle): void {
  command
    .command("list")
    .description("list what was found, the newest first")
    .argument("[service]", "only on instances of this service")
    .option("--environment <name>", "only in this one")
    .option("--instance <id>", "only on this one")
    .option("--since <time>", "from then on: 2026-11-21, or how long ago, such as 2h")
    .option("--open", "only where the instance is still there")
    .option("--limit <number>", "at most so many", "100")
    .action(
      handle<ListOptions, [string | undefined]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { parseCount, parseSince } = await import("../release/parse-since.ts");
        const { describeDrifts } = await import("../drift/describe-drift.ts");
        const { environment, instance, open = false } = options;
        const answer = await openControllerClient(ctx).get<{ drift: readonly RecordedDrift[] }>("/api/v1/drift", {
          service,
          environment,
          instance,
          since: parseSince(ctx, options.since),
          open: String(open),
          limit: Math.min(1000, parseCount(options.limit, "--limit")),
        });
        return { json: answer, text: describeDrifts(answer.drift) };
      }),
    );
}

function declareShow(command: Command, handle: Handle): void {
  command
    .command("show")
    .description("show one finding: its rule, its processes, its times, its capture")
    .argument("<drift>", "its number, as `ingot drift list` shows it")
    .action(
      handle<object, [string]>(async ({ ctx }, text) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { findController } = await import("../controller-access.ts");
        const { describeDrift } = await import("../drift/describe-drift.ts");
        const shown = await openControllerClient(ctx).get<ShownDrift>(`/api/v1/drift/${parseNumber(text)}`);
        return { json: shown, text: describeDrift(shown, findController(ctx).url) };
      }),
    );
}

/** The one that a check in a script calls: 4 where somebody should look. */
function declareStatus(command: Command, handle: Handle): void {
  command
    .command("status")
    .description("say whether the guard sees, and what stands open; ends with 4 where somebody should look")
    .action(
      handle(async ({ ctx }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { describeGuard } = await import("../drift/describe-guard.ts");
        const view = await openControllerClient(ctx).get<GuardView & { readonly needsSomebody: boolean }>(
          "/api/v1/guard",
        );
        return { json: view, text: describeGuard(view), exitCode: view.needsSomebody ? 4 : 0 };
      }),
    );
}

type In = { readonly in: string };

function declareCapture(command: Command, handle: Handle): void {
  command
    .command("capture")
    .description("capture what can be seen of a living instance, as a signed artifact; it goes on serving")
    .argument("<service>", "whose instance it is")
    .argument("<instance>", "its id, as `ingot status` shows it")
    .requiredOption("--in <environment>", "where")
    .action(
      handle<In, [string, string]>(async ({ ctx, options }, service, instance) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { findController } = await import("../controller-access.ts");
        const { formatBytes } = await import("../format.ts");
        const { sayPull } = await import("../drift/describe-drift.ts");
        const path = `${pathOf(service, options)}/instances/${encodeURIComponent(instance)}/capture`;
        const made = await openControllerClient(ctx).post<Capture>(path, {});
        const { url } = findController(ctx);
        const reference = `${new URL(url).host}/${made.repository}@${made.artifact}`;
        const text = `captured ${instance}, ${formatBytes(made.bytes)}: ${reference}\n  its files:   ${sayPull(url, reference)}`;
        return { json: made, text };
      }),
    );
}

function declareReset(command: Command, handle: Handle): void {
  command
    .command("reset")
    .description("close the breaker of a service: what drifts is frozen and replaced again")
    .argument("<service>", "whose breaker is open")
    .requiredOption("--in <environment>", "where")
    .action(
      handle<In, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const answer = await openControllerClient(ctx).post<object>(`${pathOf(service, options)}/breaker/reset`, {});
        return { json: answer, text: `the breaker of ${service} in ${options.in} is closed` };
      }),
    );
}

function declareKey(command: Command, handle: Handle): void {
  command
    .command("key")
    .description("print the public key that captures are signed with")
    .action(
      handle(async ({ ctx }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const key = await openControllerClient(ctx).get<{ id: string; pem: string }>("/api/v1/guard/key");
        return { json: key, text: key.pem.trimEnd() };
      }),
    );
}

function pathOf(service: string, { in: environment }: In): string {
  return `/api/v1/services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`;
}

/** `#12` or `12`. */
function parseNumber(text: string): number {
  const [, digits] = /^#?(\d{1,15})$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new IngotError("usage", `expected the number of a finding, got ${JSON.stringify(text)}`, {
    hint: "ingot drift list",
  });
}

import type { Context } from "../../ground/context.ts";
import type { Request } from "../../policy/policy.ts";
import type { Declare } from "../command.ts";

type ServeOptions = {
  readonly config?: string;
  readonly listen?: string;
  readonly baseUrl?: string;
  readonly runtime?: string;
  /** False with `--no-rescan`. */
  readonly rescan: boolean;
  readonly verbose?: boolean;
};

/** `ingot serve`: the controller, until a signal ends it. */
export const declare: Declare = (command, handle) => {
  command
    .option("--config <file>", "settings (default: controller.yaml in $INGOT_HOME, where there is one)")
    .option("--listen <address:port>", "where to listen (default: 127.0.0.1:8700)")
    .option("--base-url <url>", "where clients find it; tokens are for this address")
    .option("--runtime <name>", "what starts instances: runc, docker, podman, or none (default: runc where it can run)")
    .option("--no-rescan", "do not scan anew what runs")
    .option("--verbose", "log every request")
    .action(
      handle<ServeOptions>(async ({ ctx, options, write }) => {
        const seconds = await runController(ctx, options, write);
        return { json: { stopped: true, seconds }, text: "" };
      }),
    );
};

async function runController(ctx: Context, options: ServeOptions, write: (text: string) => void): Promise<number> {
  const [
    { readSettings },
    { openController },
    { serve },
    { openServerLog },
    { readTls },
    { firstEnrolment },
    { openWebhooks },
    { openOperations },
    { openRescans },
  ] = await Promise.all([
    import("../../controller/read-settings.ts"),
    import("../../controller/open-controller.ts"),
    import("../../api/api.ts"),
    import("../../api/server-log.ts"),
    import("../../controller/identity/read-tls.ts"),
    import("../../controller/identity/first-enrolment.ts"),
    import("../../controller/webhooks/webhooks.ts"),
    import("../../controller/open-operations.ts"),
    import("../../controller/rescan/rescans.ts"),
  ]);
  const settings = readSettings(ctx, options);
  const tls = readTls(settings, { report: ctx.report });
  const log = openServerLog({ level: options.verbose === true ? "debug" : "info" });
  const started = performance.now();
  const controller = await openController(ctx, settings);
  try {
    const served = await serve(controller, {
      log,
      ...(tls === undefined ? {} : { tls: { ...tls, again: () => readTls(settings) } }),
    });
    const code = await firstEnrolment(controller);
    write(greet({ url: served.url, baseUrl: settings.baseUrl, ...(code === undefined ? {} : { code }) }));
    log.info("serving", { url: served.url, home: ctx.home, events: controller.ledger.log.checkpoint().size });
    // Nobody waits for the first decision then: Cedar takes a quarter of a second to get ready.
    setImmediate(() => controller.policies.decide(controller.policies.rolesOnly(), anyRequest));
    const webhooks = openWebhooks(ctx, controller.ledger, {
      webhooks: settings.webhooks,
      onProblem: (message, values) => log.warn(message, values),
    });
    const operations = await openOperations(controller);
    const rescans =
      settings.rescan === undefined
        ? undefined
        : openRescans(controller, {
            ...settings.rescan,
            onProblem: (message, values) => log.warn(message, values),
          });
    await aborted(ctx.signal);
    await rescans?.close();
    await webhooks.close();
    await served.close();
    await operations?.close();
  } finally {
    await controller.close();
  }
  log.info("stopped");
  return Math.round((performance.now() - started) / 1000);
}

const anyRequest: Request = {
  principal: { kind: "user", name: "nobody", groups: [], roles: [] },
  action: "audit",
  resource: { kind: "controller" },
  now: 0,
};

/** For a person at the terminal; the code is said here once and is nowhere else. */
function greet({
  url,
  baseUrl,
  code,
}: {
  readonly url: string;
  readonly baseUrl: string;
  readonly code?: string;
}): string {
  const lines = [`ingot serves at ${url}${baseUrl === url ? "" : ` as ${baseUrl}`}`];
  if (code !== undefined) {
    lines.push(
      "nobody is registered yet: within the hour, become its first admin with",
      `  ingot login ${baseUrl} --enrol ${code} --name YOUR-NAME`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The end that was asked for is a success: `ingot serve` has done what it was for. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

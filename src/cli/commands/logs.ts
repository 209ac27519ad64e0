import { IngotError } from "../../ground/error.ts";
import { isInstanceId, type LogRequest } from "../../runtime/runtime.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Declare } from "../command.ts";
import { plainText } from "../plain-text.ts";

type LogsOptions = {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly in?: string;
  readonly instance?: string;
};

/** `ingot logs INSTANCE`: what an instance of this host printed; also of one that has ended, until it is stopped. With `--in`, what those of a service print, by the controller. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<name>", "the id of an instance of this host, or with --in a service of the controller")
    .option("--in <environment>", "of a service in this environment")
    .option("--instance <id>", "with --in: of this one alone")
    .option("-f, --follow", "go on with what it prints until it ends")
    .option("--tail <lines>", "only the last so many lines")
    .action(
      handle<LogsOptions & { readonly json?: boolean }, [string]>(async ({ ctx, options, write }, id) => {
        if (options.json === true && options.follow === true)
          throw new IngotError("usage", "expected either --follow or --json, got both");
        const request = requestOf(options, ctx.signal);
        if (options.in !== undefined) {
          const { printServiceLogs } = await import("../release/service-logs.ts");
          const of = {
            environment: options.in,
            service: id,
            ...(options.instance === undefined ? {} : { instance: options.instance }),
          };
          return printServiceLogs(ctx, { of, request, isJson: options.json === true, write });
        }
        if (!isInstanceId(id))
          throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
        const decoder = new TextDecoder();
        let output = "";
        for await (const piece of (await openRuntime(ctx)).logs(id, request)) {
          const text = decoder.decode(piece, { stream: true });
          if (options.json === true) output += text;
          else write(plainText(text));
        }
        return { json: { instance: id, output }, text: "" };
      }),
    );
};

function requestOf({ follow = false, tail }: LogsOptions, signal: AbortSignal): LogRequest {
  return { follow, signal, ...(tail === undefined ? {} : { tail: readLines(tail) }) };
}

function readLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new IngotError("usage", `expected a number of lines for --tail, got "${text}"`, { hint: "ingot logs --help" });
}

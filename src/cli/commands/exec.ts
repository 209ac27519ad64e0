import { IngotError } from "../../ground/error.ts";
import type { ShownService } from "../../controller/verbs/show-services.ts";
import type { Client } from "../../api/client/client.ts";
import type { Declare } from "../command.ts";
import { parseDuration } from "../parse-duration.ts";

type ExecOptions = { readonly reason: string; readonly timeout?: string };
type End = {
  readonly status: "exited" | "killed" | "timed-out" | "not-started";
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  readonly output: string;
  readonly cut: number;
};

/** `ingot exec INSTANCE --reason TEXT -- COMMAND`: a program in an instance, for who has the right to debug. The instance is replaced afterwards. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<instance>", "in which instance")
    .argument("<command...>", "the program and its arguments, after --")
    .requiredOption("--reason <text>", "why, for the record")
    .option("--timeout <duration>", "how long it may take (default: 100s, which is the most)")
    .action(
      handle<ExecOptions, [string, string[]]>(async ({ ctx, options }, instance, program) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const client = openControllerClient(ctx);
        const place = await findInstance(client, instance);
        const timeout = options.timeout === undefined ? {} : { timeout: parseDuration(options.timeout, "--timeout") };
        const path = `/api/v1/services/${encodeURIComponent(place.environment)}/${encodeURIComponent(place.service)}/instances/${encodeURIComponent(instance)}/execution`;
        ctx.report.warn(`${instance} is replaced afterwards: what somebody was in is not what its image says any more`);
        const end = await client.post<End>(path, { command: program, reason: options.reason, ...timeout });
        const ending = describeEnd(end);
        if (ending !== undefined) ctx.report.warn(ending);
        if (end.cut > 0) ctx.report.warn(`it printed ${end.cut} bytes more before what is shown`);
        return {
          json: { instance, ...end },
          text: end.output.replace(/\n$/, ""),
          exitCode: end.status === "exited" && end.exitCode === 0 ? 0 : 1,
        };
      }),
    );
};

/** Undefined: it ended well. */
function describeEnd({ status, exitCode, signal, reason }: End): string | undefined {
  switch (status) {
    case "exited":
      return exitCode === 0 ? undefined : `it ended with exit code ${exitCode}`;
    case "killed":
      return `it was killed by ${signal}; whether the guard did: ingot drift list`;
    case "timed-out":
      return "it did not end in time and was killed: --timeout";
    case "not-started":
      return `it could not be started: ${reason}`;
  }
}

export async function findInstance(
  client: Client,
  id: string,
): Promise<{ readonly environment: string; readonly service: string }> {
  const { services } = await client.get<{ services: readonly ShownService[] }>("/api/v1/services");
  const found = services.find(({ running }) => running?.instances.some((one) => one.id === id) === true);
  if (found !== undefined) return found;
  throw new IngotError("instance-unknown", `no service has an instance ${id}`, {
    hint: "ingot status shows what runs",
  });
}

import { readServiceLogs } from "../../api/client/read-logs.ts";
import type { Context } from "../../ground/context.ts";
import type { LogRequest } from "../../runtime/runtime.ts";
import type { Outcome } from "../command.ts";
import { findController, tokenFor } from "../controller-access.ts";
import { plainText } from "../plain-text.ts";

type Printing = {
  readonly of: { readonly environment: string; readonly service: string; readonly instance?: string };
  readonly request: LogRequest;
  readonly isJson: boolean;
  readonly write: (text: string) => void;
};

/** Each line with the instance that printed it before it. */
export async function printServiceLogs(ctx: Context, { of, request, isJson, write }: Printing): Promise<Outcome> {
  const { tail, follow = false } = request;
  const access = { url: findController(ctx).url, token: async () => (await tokenFor(ctx)).token };
  const query = { ...of, follow, ...(tail === undefined ? {} : { tail }) };
  const output: Record<string, string> = {};
  for await (const { instance, text } of readServiceLogs(ctx, access, query)) {
    if (isJson) output[instance] = (output[instance] ?? "") + text;
    else for (const line of text.replace(/\n$/, "").split("\n")) write(`${plainText(`${instance}  ${line}`)}\n`);
  }
  return { json: { ...of, output }, text: "" };
}

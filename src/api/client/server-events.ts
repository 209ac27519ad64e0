import { IngotError } from "../../ground/error.ts";

/** One of a stream of server-sent events; a comment, which is a sign of life, has no data. `id`: the number of the last event of the ledger that is no news any more. */
export type ServerEvent = { readonly event: string; readonly data: string; readonly id: number | undefined };

/** Characters: an event of the ledger has less than 65,536 bytes. Attack: a server that never ends a line. */
const longest = 1 << 20;

/** Reads what a controller's stream of events says (HTML standard, section 9.2.6; the controller ends lines with LF alone). Throws `controller-failed`. */
export async function* readServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) yield parse(block);
    if (text.length <= longest) continue;
    throw new IngotError("controller-failed", `an event of the controller is longer than ${longest} characters`, {
      hint: "is it of another release? compare `ingot --version` on both sides",
    });
  }
}

function parse(block: string): ServerEvent {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    fields.set(name, value);
  }
  const id = Number(fields.get("id") ?? Number.NaN);
  return {
    event: fields.get("event") ?? "message",
    data: fields.get("data") ?? "",
    id: Number.isSafeInteger(id) ? id : undefined,
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { processContext, silentReporter } from "../../ground/context.ts";
import { watchStatus } from "./watch-status.ts";

test("a page is printed when it has changed, and what others wrote on it moves no cursor", async () => {
  const ending = new AbortController();
  const ctx = processContext({ signal: ending.signal, report: silentReporter });
  const written: string[] = [];
  const pages = ["ALARM \u001b[2J\u009b1;1Hall is well", "ALARM \u001b[2J\u009b1;1Hall is well"];
  await watchStatus(ctx, {
    read: async () => {
      const text = pages.shift() ?? "";
      if (pages.length === 0) ending.abort();
      return { text };
    },
    write: (text) => void written.push(text),
  });
  const drawn = written.join("").replaceAll("\u001b[H\u001b[J", "");
  assert.match(drawn, /^ALARM \\x1b\[2J\\x9b1;1Hall is well\n/);
  assert.ok(!drawn.includes("\u001b"));
});

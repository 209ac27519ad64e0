// The entry of bin/ingot. Plain JavaScript, because a TypeScript entry is translated on every start (37 ms) while what is imported after
// `enableCompileCache` is translated and compiled once. Nothing else belongs here.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// The same rule as `ingotHome` in ground/context.ts, which cannot be imported before the cache is on; a test holds both equal.
const { INGOT_HOME, XDG_STATE_HOME, HOME } = process.env;
const home =
  INGOT_HOME ||
  (process.getuid?.() === 0
    ? "/var/lib/ingot"
    : join(XDG_STATE_HOME || join(HOME || homedir(), ".local/state"), "ingot"));
// A folder that cannot be written is no error: the start is only slower.
enableCompileCache(join(home, "cache/compile"));

const { main } = await import("./cli.ts");
await main(process.argv.slice(2));

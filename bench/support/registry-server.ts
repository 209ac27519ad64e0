// node registry-server.ts FOLDER PORT: a controller with its registry on loopback, as `ingot serve` runs it; prints `{"url", "token"}` once it listens.
import { openServerLog } from "../../src/api/server-log.ts";
import { serve } from "../../src/api/api.ts";
import { enterAs } from "../../src/api/registry/registry.fixture.ts";
import { openController } from "../../src/controller/open-controller.ts";
import { readSettings } from "../../src/controller/read-settings.ts";
import { processContext } from "../../src/ground/context.ts";

const [, , home = "", port = ""] = process.argv;
const ctx = processContext({ home, cwd: home });
const settings = readSettings(ctx, { listen: `127.0.0.1:${port}` });
const controller = await openController(ctx, settings);
const served = await serve(controller, { log: openServerLog({ level: "silent" }) });
const token = await enterAs({ controller, ctx }, { principal: "user:bench", roles: ["admin"] });
console.log(JSON.stringify({ url: served.url, token }));
process.once("SIGTERM", () => {
  void served
    .close()
    .then(() => controller.close())
    .then(() => process.exit(0));
});

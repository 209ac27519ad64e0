// node registry-server.ts FOLDER PORT [EVENTS]: a controller with its registry on loopback, as `ingot serve` runs it, with so many events of a history; prints `{"url", "token"}` once it
// listens.
import { openServerLog } from "../../src/api/server-log.ts";
import { serve } from "../../src/api/api.ts";
import { enterAs } from "../../src/api/registry/registry.fixture.ts";
import { openController } from "../../src/controller/open-controller.ts";
import { readSettings } from "../../src/controller/read-settings.ts";
import { openEnvironment } from "../../src/controller/verbs/releases.fixture.ts";
import { processContext } from "../../src/ground/context.ts";
import { historyEvent } from "../controller/history.ts";

const [, , home = "", port = "", events = "0"] = process.argv;
const ctx = processContext({ home, cwd: home });
const settings = readSettings(ctx, { listen: `127.0.0.1:${port}` });
const controller = await openController(ctx, settings);
const step = 1000;
for (let from = 0; from < Number(events); from += step) {
  const batch = Array.from({ length: step }, (_, at) => historyEvent(from + at));
  await controller.ledger.transact(() => ({ events: [...batch, openEnvironment("open")], result: undefined }));
}
const served = await serve(controller, { log: openServerLog({ level: "silent" }) });
const token = await enterAs({ controller, ctx }, { principal: "user:bench", roles: ["admin", "deployer"] });
console.log(JSON.stringify({ url: served.url, token }));
process.once("SIGTERM", () => {
  void served
    .close()
    .then(() => controller.close())
    .then(() => process.exit(0));
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openController } from "../../src/controller/open-controller.ts";
import { readSettings } from "../../src/controller/read-settings.ts";
import { authorize, type Asked } from "../../src/controller/decisions/authorize.ts";
import { processContext } from "../../src/ground/context.ts";
import { person } from "../../src/policy/policy.fixture.ts";
import type { Bench, BenchWork, Comparison } from "../comparison.ts";
import { environment, historyEvent, imageAt } from "./history.ts";
import { startController } from "./start-controller.ts";
import { describeTimes, timesOf } from "./times.ts";

/** Of a controller that has been at work for a while. */
const events = 20_000;
const deploys = 600;

/** What a release takes: the decision with the facts of its image out of the state, and the whole of it over HTTP. */
export const bench: Bench = async function* (work) {
  yield* measureAuthorize(work);
  const base = mkdtempSync(join(tmpdir(), "ingot-bench-deploys-"));
  const server = await startController(join(base, "home"), events);
  let deployed = 0;
  const sides = [16, 1].map((clients) => ({
    name: `${clients} ${clients === 1 ? "client" : "clients"}`,
    run: async (): Promise<string> => {
      const start = performance.now();
      const client = async (): Promise<void> => {
        for (let done = 0; done < deploys / 16; done++) await deploy(server, (deployed += 1));
      };
      await Promise.all(Array.from({ length: clients }, client));
      const count = clients * Math.ceil(deploys / 16);
      return `${Math.round((count * 1000) / (performance.now() - start))} deploys/s`;
    },
  }));
  try {
    yield {
      title: "deploys over HTTP: authenticated, decided, two events durable",
      note: `on the disk of the temporary folder; a state of ${events} events`,
      runs: work.runs(3),
      sides,
    };
  } finally {
    await server.stop();
    rmSync(base, { recursive: true, force: true });
  }
};

async function* measureAuthorize(work: BenchWork): AsyncGenerator<Comparison, void, void> {
  const home = join(work.folder, "authorize");
  const ctx = processContext({ home, env: {} });
  const controller = await openController(ctx, readSettings(ctx, { baseUrl: "http://ingot.example" }));
  const history = Array.from({ length: events }, (_, index) => historyEvent(index));
  for (let from = 0; from < events; from += 1000) {
    await controller.ledger.transact(() => ({ events: history.slice(from, from + 1000), result: undefined }));
  }
  const ask = (index: number): boolean => {
    const resource = { kind: "service", name: "web", environment } as const;
    const asked: Asked = {
      principal: person("dora", "deployer"),
      action: "deploy",
      resource,
      environment,
      image: imageAt(index),
    };
    return authorize(controller, controller.ledger.state, asked).decision.permit;
  };
  const run = (): string => {
    const times: number[] = [];
    let permits = 0;
    for (let index = 100; index < events; index += 10) {
      const start = performance.now();
      if (ask(index)) permits += 1;
      times.push(performance.now() - start);
    }
    return `${describeTimes(timesOf(times))}, ${times.length} asked, ${permits} permitted`;
  };
  yield {
    title: "decisions with their facts out of the state",
    note: "to reach: p99 ≤ 1 ms; images with five statements each",
    runs: work.runs(3),
    sides: [{ name: "ingot", run }],
  };
  await controller.close();
}

type Server = { readonly host: string; readonly token: string };

/** Each another image, to a service of its own. */
async function deploy({ host, token }: Server, number: number): Promise<void> {
  const image = imageAt(100 + ((number * 100) % 19_000));
  const answer = await fetch(`http://${host}/api/v1/releases/open/s${number}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ image, configuration: { replicas: 1 } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
}

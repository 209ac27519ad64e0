// crash-writer.fixture.ts FOLDER KEY ROUND: moves accounts as fast as it can, and prints the name of each move once it is acknowledged. It is killed.
import { writeSync } from "node:fs";
import { accounts, moveOf } from "./ledger.fixture.ts";
import { readLogKey } from "./log/log-key.ts";
import { openLedger } from "./open-ledger.ts";

const [, , folder = "", key = "", round = ""] = process.argv;
const ledger = await openLedger({ folder, key: readLogKey(key), fold: accounts, now: () => new Date() });

async function work(worker: number): Promise<void> {
  for (let at = 0; ; at++) {
    const name = `${round}-${worker}-${at}`;
    // Now and then more than one batch takes, so that tiles become full.
    const events = Array.from({ length: at % 10 === 9 ? 40 : 1 }, (_, part) => moveOf(`${name}-${part}`, 1));
    await ledger.transact(() => ({ events, result: name }));
    writeSync(1, `${events.map(({ data }) => String(data.name)).join("\n")}\n`);
  }
}

await Promise.all(Array.from({ length: 12 }, async (_, worker) => work(worker)));

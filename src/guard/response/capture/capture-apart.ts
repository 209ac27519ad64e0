import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolders } from "../../../ground/make-folders.ts";
import { captureLimits, type CapturedFile, type CaptureRequest } from "./capture.ts";

/** Milliseconds beyond its own limit, for starting and for the last file. */
const patience = 1500;

/**
 * Captures an instance in a process of its own, which is killed when its time is over. Attack: an instance whose memory or files come from a file system that never answers, as one that entered from the
 * host can mount: whoever looks at it waits for ever, and that must not be the guard. What was written until then is kept, and `summary.json` says that it was cut off.
 */
export async function captureApart(request: CaptureRequest): Promise<readonly CapturedFile[]> {
  makeFolders(dirname(request.folder));
  mkdirSync(request.folder, { mode: 0o700 });
  const script = fileURLToPath(new URL(`capture-process${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    // Of the environment nothing else: it may hold secrets, and what is captured must not be able to come by them.
    env: process.env.NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ["pipe", "ignore", "pipe"],
    timeout: (request.limits?.time ?? captureLimits.time) + patience,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  // It may be gone before it has read everything: its end says why.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(request));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, ending) => resolve([exitCode, ending]));
  });
  if (code !== 0) writeCutOff(request, signal === null ? firstLine(said) : "its time was over");
  return listFiles(request.folder);
}

function writeCutOff({ folder, instance, drift }: CaptureRequest, why: string): void {
  const path = join(folder, "summary.json");
  if (existsSync(path)) return;
  const { id, environment, service, release, image } = instance;
  const found = drift === undefined ? {} : { rule: drift.rule, seen: drift.seen, found: drift.found };
  const leftOut = [{ what: "whatever is not here", why: `the capture was cut off: ${why}` }];
  const summary = {
    format: "ingot-drift-capture-1",
    instance: id,
    environment,
    service,
    release,
    image,
    ...found,
    files: listFiles(folder),
    leftOut,
  };
  writeFileSync(path, `${JSON.stringify(summary, null, 1)}\n`, { mode: 0o600 });
}

/** Of the files that are there, in the order of their names. */
function listFiles(folder: string): readonly CapturedFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ name: relative(".", name), ...measure(join(folder, name)) }));
}

function measure(path: string): { readonly size: number; readonly sha256: string } {
  const file = openSync(path, "r");
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.alloc(1 << 20);
    let size = 0;
    for (let read = 1; read > 0;) {
      read = readSync(file, buffer);
      hash.update(buffer.subarray(0, read));
      size += read;
    }
    return { size, sha256: hash.digest("hex") };
  } finally {
    closeSync(file);
  }
}

function firstLine(text: string): string {
  return /^\S*Error: .*$/m.exec(text)?.[0] ?? text.split("\n")[0] ?? "";
}

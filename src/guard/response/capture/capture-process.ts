import { readFileSync } from "node:fs";
import type { CaptureRequest } from "./capture.ts";
import { captureInstance } from "./capture-instance.ts";

// The whole of a process: a request on stdin, the files that were written on stdout. Started by `capture-apart.ts`.
const request = JSON.parse(readFileSync(0, "utf8")) as CaptureRequest;
process.stdout.write(JSON.stringify(captureInstance(request, Date.now)));

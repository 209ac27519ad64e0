// Writes the documents that are made from the code (npm run generate); with --check it only names those that differ, exit code 1.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../src/ground/atomic-file.ts";
import { generatedDocuments } from "./documents/generated-documents.ts";

const root = join(import.meta.dirname, "..");
const isCheck = process.argv.includes("--check");

for (const { path, make } of generatedDocuments) {
  const text = await make();
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (isCheck) {
    console.error(`${path} differs from the code; run: npm run generate`);
    process.exitCode = 1;
  } else {
    writeFileAtomic(file, text, { durable: false });
    console.log(`wrote ${path}`);
  }
}

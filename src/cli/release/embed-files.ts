import { readFileSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import type { ServiceDefinition, ServiceFile } from "../../project/definition.ts";

/** Bytes of all files of a configuration: a release is one event. */
const mostBytes = 40_000;

/**
 * What a release keeps of how a service runs: as it is written, with the content of its files in place of their paths, so that it is whole without the folder that it was released from. Throws `definition-invalid`.
 */
export function embedFiles({ name, written, files }: ServiceDefinition): ServiceDefinition["written"] {
  if (files.length === 0) return written;
  const contents = files.map((file) => [file.target, { content: contentOf(file) }] as const);
  const size = contents.reduce((sum, [, { content }]) => sum + Buffer.byteLength(content), 0);
  if (size <= mostBytes) return { ...written, files: Object.fromEntries(contents) };
  throw new IngotError(
    "definition-invalid",
    `the files of service ${name} have ${size} bytes, and at most ${mostBytes} fit into a release`,
    {
      hint: "put what is large into the image: files: of images: in ingot.yaml",
    },
  );
}

function contentOf(file: ServiceFile): string {
  if (file.kind === "content") return file.content;
  const bytes = readFileSync(file.source);
  const text = bytes.toString("utf8");
  // What does not come back as it was would be another file in the instance.
  if (Buffer.from(text).equals(bytes)) return text;
  throw new IngotError(
    "definition-invalid",
    `${file.source} is no text in UTF-8, and files of a service's configuration are`,
    {
      hint: "put it into the image: files: of images: in ingot.yaml",
    },
  );
}

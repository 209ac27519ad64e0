import { IngotError } from "../../ground/error.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import type { Statement } from "../evidence.ts";
import { checkBundle, type Carried, type VerifyingKey } from "./check-bundle.ts";
import { readStatement } from "./statement.ts";

/** What one bundle proves about the image, whoever may say such things. */
export type Proof =
  | ({ readonly status: "signed"; readonly statement: Statement; readonly key: VerifyingKey } & Carried)
  | ({ readonly status: "untrusted"; readonly reason: string } & Carried)
  | { readonly status: "refused"; readonly reason: string };

/** Reads the bundle with this digest. */
export type ReadProof = (bundle: Digest) => Proof;

type Source = { readonly layout: Layout; readonly image: Digest; readonly keys: readonly VerifyingKey[] };

/**
 * Reads the bundles of one image within bounds: each once, however often it is attached; equal statements are one object; no more bytes than
 * a person waits for.
 */
export function openProofReader(source: Source): ReadProof {
  const proofs = new Map<Digest, Proof>();
  const statements = new Map<Digest, Statement>();
  let left = mostBytes;
  return (bundle) => {
    const known = proofs.get(bundle);
    if (known !== undefined) return known;
    const size = source.layout.blobSize(bundle) ?? 0;
    const tooLarge = boundExceeded(size, left);
    left -= tooLarge === undefined ? size : 0;
    const proof = tooLarge ?? read(source, bundle, statements);
    proofs.set(bundle, proof);
    return proof;
  };
}

/** The largest bundle: the SBOM of a large image has some tens of megabytes in base64. */
const mostOfOne = 64 << 20;
/** Of all bundles of one image: some seconds of hashing. */
const mostBytes = 1 << 30;

function boundExceeded(size: number, left: number): Proof | undefined {
  if (size > mostOfOne) return refused(`its bundle has ${size} bytes, more than 64 MiB`);
  if (size > left) return refused("more than 1 GiB is attached to this image; this part was not read");
  return undefined;
}

function read({ layout, image, keys }: Source, bundle: Digest, statements: Map<Digest, Statement>): Proof {
  const content = readContent(layout, bundle);
  if (!Buffer.isBuffer(content)) return content;
  const found = checkBundle(content, keys);
  if (found.status !== "signed") return found;
  const { payload, ...signed } = found;
  const digest = digestOf(payload);
  const same = statements.get(digest);
  if (same !== undefined) return { ...signed, statement: same };
  const parsed = readStatement(payload, image);
  if ("reason" in parsed) return refused(parsed.reason);
  statements.set(digest, parsed.statement);
  return { ...signed, statement: parsed.statement };
}

function readContent(layout: Layout, bundle: Digest): Buffer | Proof {
  try {
    return layout.readBlob(bundle);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    if (error.code === "blob-missing") return refused("its bundle is missing");
    if (error.code === "store-damaged") return refused("its bundle is damaged: the content is not that of its digest");
    throw error;
  }
}

function refused(reason: string): Proof {
  return { status: "refused", reason };
}

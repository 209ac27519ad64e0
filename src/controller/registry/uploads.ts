import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { openFileHasher } from "./file-hasher.ts";
import type { Links } from "./links.ts";
import { openUpload, type Upload } from "./upload.ts";

/** Blobs on their way in: a folder each, with the bytes so far. */
export type Uploads = {
  /** Throws `registry-busy`. */
  readonly start: (principal: Principal, repository: string) => Upload;
  /** Throws `upload-unknown`, also for the upload of another principal or repository. */
  readonly find: (principal: Principal, repository: string, id: string) => Upload;
  /** Removes what nobody went on with for a day; returns how many there were. */
  readonly sweep: () => number;
  readonly close: () => Promise<void>;
};

/** Milliseconds. */
const life = 24 * 3600 * 1000;
const sweepEvery = 3600 * 1000;
/** Open at a time, of all and of one principal: each may hold a file as large as the limit. */
const mostOpen = 2000;
const mostOfOne = 200;

const sessionSchema = z.object({ principal: z.string(), repository: z.string() });
type Owner = z.infer<typeof sessionSchema>;

type Setup = { readonly folder: string; readonly links: Links };

export function openUploads(controller: Controller, { folder, links }: Setup): Uploads {
  const { ctx, store, settings } = controller;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const open = new Map<string, Upload & Owner>();
  const hasher = openFileHasher();
  const enter = (id: string, owner: Owner): Upload => {
    const upload = openUpload({
      id,
      folder: join(folder, id),
      limit: settings.limits.blob,
      hasher,
      publish: async (path, digest) => {
        // The link first: garbage collection on the way leaves a blob that has one.
        await links.add(owner.repository, digest);
        await store.adoptBlob(path, digest);
      },
      onEnd: () => open.delete(id),
    });
    open.set(id, { ...upload, ...owner });
    return upload;
  };
  const sweep = (): number => {
    const old = readdirSync(folder).filter((id) => ctx.now().getTime() - lastTouched(join(folder, id)) > life);
    for (const id of old) {
      open.delete(id);
      hasher.forget(join(folder, id, "data"));
      rmSync(join(folder, id), { recursive: true, force: true });
    }
    return old.length;
  };
  sweep();
  const timer = setInterval(sweep, sweepEvery).unref();
  return {
    sweep,
    start: (principal, repository) => {
      const owner = { principal: formatPrincipal(principal), repository };
      assertRoom([...open.values()], owner);
      const id = makeId(ctx.randomBytes(16));
      mkdirSync(join(folder, id), { mode: 0o700 });
      writeFileSync(join(folder, id, "session.json"), JSON.stringify(owner), { mode: 0o600 });
      return enter(id, owner);
    },
    find: (principal, repository, id) => {
      // Attack: `../../keys` for an id.
      const owner = idPattern.test(id) ? (open.get(id) ?? readOwner(join(folder, id))) : undefined;
      if (owner?.principal !== formatPrincipal(principal) || owner.repository !== repository) throw unknownUpload(id);
      return open.get(id) ?? enter(id, owner);
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([...open.values()].map((upload) => upload.idle()));
      await hasher.close();
    },
  };
}

function assertRoom(open: readonly Owner[], { principal }: Owner): void {
  const ofOne = open.filter((one) => one.principal === principal).length;
  if (open.length < mostOpen && ofOne < mostOfOne) return;
  throw new IngotError(
    "registry-busy",
    `the registry takes ${mostOpen} uploads at a time, and ${mostOfOne} of one principal; there are ${open.length}, ${ofOne} by ${principal}`,
    { hint: "end or cancel uploads that were begun, or wait: what nobody goes on with is swept after a day" },
  );
}

/** distribution-spec asks for a UUID (RFC 9562, version 4). */
function makeId(random: Buffer): string {
  random.writeUInt8((random.readUInt8(6) & 0x0f) | 0x40, 6);
  random.writeUInt8((random.readUInt8(8) & 0x3f) | 0x80, 8);
  return random.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whose it is that an earlier process began; undefined where there is none, or where a crash left half of it. */
function readOwner(folder: string): Owner | undefined {
  const path = join(folder, "session.json");
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const parsed = text.endsWith("}") ? sessionSchema.safeParse(JSON.parse(text)) : undefined;
  return parsed?.success ? parsed.data : undefined;
}

/** Milliseconds since 1970; 0 for what has gone in this moment. */
function lastTouched(folder: string): number {
  const times = [folder, join(folder, "data")].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(...times);
}

function unknownUpload(id: string): IngotError {
  return new IngotError(
    "upload-unknown",
    `there is no upload ${JSON.stringify(id.slice(0, 40))} of yours to this repository`,
    { hint: "begin it anew: push again" },
  );
}

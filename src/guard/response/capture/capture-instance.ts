import { arch, release } from "node:os";
import { readVersion } from "../../../ground/version.ts";
import { useInside } from "../../../runtime/look/open-inside.ts";
import { readMounts } from "../../../runtime/mount-table.ts";
import { findHierarchies, freezerState, processesOf } from "../freeze-cgroup.ts";
import { captureChanged } from "./capture-changed.ts";
import { captureLimits, type CapturedFile, type CaptureLimits, type CaptureRequest } from "./capture.ts";
import { openCaptureFolder, type CaptureFolder } from "./capture-folder.ts";
import { capturePrograms } from "./capture-programs.ts";
import { statPlace } from "./open-below.ts";
import { readProc, readProcLink, unlessRefused } from "./read-proc.ts";
import { readSecrets, type KnownSecrets } from "./read-secrets.ts";
import { makeRedactor, shortestSecret, type Redactor } from "./redact.ts";
import { mostDescriptors, seeDescriptors, type CapturedDescriptor } from "./see-descriptors.ts";
import { seeProcess } from "./see-process.ts";
import { seeSockets } from "./see-sockets.ts";

const mostText = 1 << 20;

/**
 * Writes what can be seen of an instance, which should be frozen, from outside: nothing is executed in it. What the kernel says of it comes first, contents of files last, so that a capture that is cut off
 * has what matters. To be called in a process of its own (`capture-process.ts`): memory or files of a process may be backed by a file system that answers when it likes.
 */
export function captureInstance(request: CaptureRequest, now: () => number): readonly CapturedFile[] {
  const { instance, drift } = request;
  const began = now();
  const limits: CaptureLimits = { ...captureLimits, ...request.limits };
  const folder = openCaptureFolder(request.folder, limits, now);
  const hierarchies = findHierarchies();
  const freezer = freezerState(hierarchies, instance.cgroup);
  const all = processesOf(hierarchies, instance.cgroup);
  const pids = all.slice(0, limits.processes);
  if (all.length > pids.length)
    folder.leaveOut(`${all.length - pids.length} processes`, `more than ${limits.processes}`);
  const lead = findLead(instance.pid, pids);
  const secrets = instance.secrets ?? [];
  const known = lead === undefined ? noSecrets : readSecrets(lead, secrets);
  const redactor = makeRedactor(known.values);
  const tools = { folder, redactor, limits };
  const descriptors = seeAllDescriptors(pids, tools);
  const processes = captureKernelsView({ lead, pids, descriptors }, tools);
  if (lead === undefined) folder.leaveOut("everything but its processes", "none of them is in its files any more");
  else captureContents({ ...request, lead, pids, descriptors, known }, tools);
  const summary = {
    format: "ingot-drift-capture-1",
    instance: instance.id,
    environment: instance.environment,
    service: instance.service,
    release: instance.release,
    image: instance.image,
    content: instance.content.sha256,
    ...(drift === undefined ? {} : { drift: redactDrift(drift, redactor) }),
    host: { kernel: release(), architecture: arch(), ingot: readVersion() },
    times: { began, ended: now() },
    // Of one that ran on meanwhile, nothing here was at the same moment.
    freezer,
    processes,
    redacted: redactor.count(),
    notSearchedFor: secrets.length === 0 ? [] : [`secrets of less than ${shortestSecret} bytes`],
    files: folder.files(),
    leftOut: folder.leftOut().map(({ what, why }) => ({ what: redactor.text(what), why })),
  };
  folder.write("summary.json", `${JSON.stringify(summary, null, 1)}\n`);
  return folder.files();
}

const noSecrets: KnownSecrets = { values: [], files: new Set() };

/**
 * The process through which its files are seen: its first, or another one of its group. Attack, or only time: a number that means a process of the host by now, or one that entered with the host's files,
 * whose "instance" would be the host.
 */
function findLead(first: number, pids: readonly number[]): number | undefined {
  const own = readProcLink("/proc/self/ns/mnt");
  const isInside = (pid: number): boolean => ![own, ""].includes(readProcLink(`/proc/${pid}/ns/mnt`));
  return [first, ...pids].find((pid) => pids.includes(pid) && isInside(pid));
}

type Seen = {
  readonly lead: number | undefined;
  readonly pids: readonly number[];
  readonly descriptors: readonly CapturedDescriptor[];
};
type Tools = { readonly folder: CaptureFolder; readonly redactor: Redactor; readonly limits: CaptureLimits };

/** What the kernel says, without reading any file of the instance. Returns how many processes there are. */
function captureKernelsView({ lead, pids, descriptors }: Seen, tools: Tools): number {
  const { folder, redactor } = tools;
  if (lead !== undefined) {
    folder.write("mounts.txt", redactor.text(readProc(`/proc/${lead}/mountinfo`, mostText).toString()));
    // Of its own network alone: one that entered may have kept the host's.
    folder.write("sockets.json", toJson(seeSockets(lead, descriptors, redactor)));
  }
  folder.write("descriptors.json", toJson(descriptors));
  const processes = pids.flatMap((pid) => (folder.isLate() ? [] : (seeProcess(pid, redactor) ?? [])));
  folder.write("processes.json", toJson(processes));
  for (const pid of pids) {
    if (folder.isLate()) folder.leaveOut(`maps of ${pid}`, "no time was left");
    else folder.write(`maps/${pid}.txt`, redactor.text(readProc(`/proc/${pid}/maps`, mostText).toString()));
  }
  return processes.length;
}

function captureContents(
  request: CaptureRequest & Seen & { readonly lead: number; readonly known: KnownSecrets },
  tools: Tools,
): void {
  const { instance, drift, lead, pids, descriptors, known } = request;
  const imageDevice = deviceOfImage(lead);
  const secretFiles = known.files;
  capturePrograms({ pids, descriptors, secretFiles, ...(imageDevice === undefined ? {} : { imageDevice }) }, tools);
  captureChanged(
    {
      pid: lead,
      firstId: firstIdOf(lead),
      secrets: instance.secrets ?? [],
      secretFiles,
      ...(drift === undefined ? {} : { subject: drift.subject }),
    },
    tools,
  );
}

function seeAllDescriptors(pids: readonly number[], { folder, redactor }: Tools): readonly CapturedDescriptor[] {
  return pids.flatMap((pid) => {
    if (folder.isLate()) return [];
    const seen = seeDescriptors(pid, redactor);
    if (seen.length === mostDescriptors) folder.leaveOut(`descriptors of ${pid}`, `more than ${mostDescriptors}`);
    return seen;
  });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Only where it is an image's file system: an attacker of the host may have put another root in its place. */
function deviceOfImage(pid: number): bigint | undefined {
  const root = (unlessRefused(() => readMounts(pid)) ?? []).findLast(({ target }) => target === "/");
  if (root?.type !== "erofs") return undefined;
  return useInside(`/proc/${pid}/root`, "/", (place) => statPlace(place).dev);
}

/** The host's number of the instance's root. */
function firstIdOf(pid: number): number {
  return Number(readProc(`/proc/${pid}/uid_map`, 4096).toString().trim().split(/\s+/)[1] ?? 0);
}

function redactDrift(drift: NonNullable<CaptureRequest["drift"]>, { text, command }: Redactor): object {
  return {
    ...drift,
    message: text(drift.message),
    chain: drift.chain.map((process) => ({ ...process, command: command(process.command) })),
  };
}

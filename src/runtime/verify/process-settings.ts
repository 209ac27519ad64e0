import { readFileSync, readlinkSync, statSync } from "node:fs";
import { idRangeSize, namespaces, openFiles, type NamespaceKind } from "../profile/settings.ts";
import type { Placement } from "../profile/placement.ts";
import type { InstanceSpec } from "../runtime.ts";
import type { Setting } from "./setting.ts";

/** Settings that hold from the moment the container was created. */
export function processSettings(pid: number, place: Placement): Setting[] {
  return [...idSettings(pid, place), ...namespaceSettings(pid, place), ...limitSettings(pid, place)];
}

/** Settings that runc applies last, before it executes the instance's command: those that it needs privileges without. */
export function confinementSettings(
  pid: number,
  spec: Pick<InstanceSpec, "user">,
  place: Pick<Placement, "firstId">,
): Setting[] {
  const status = readStatus(pid);
  const none = "0000000000000000";
  const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
  const ids = (id: number): string => Array.from({ length: 4 }, () => place.firstId + id).join(" ");
  return [
    { name: "no new privileges", expected: "1", actual: status("NoNewPrivs") },
    { name: "seccomp", expected: "filter", actual: status("Seccomp") === "2" ? "filter" : "none" },
    ...sets.map((set) => ({ name: `capabilities ${set}`, expected: none, actual: status(set) })),
    { name: "user id", expected: ids(spec.user.uid), actual: status("Uid") },
    { name: "group id", expected: ids(spec.user.gid), actual: status("Gid") },
    // runc sets none beside; a group left over from the host would open its files.
    { name: "supplementary groups", expected: "", actual: status("Groups") },
  ];
}

/** Whether the process still is runc's own code, before the instance's command is executed. */
export function isBeforeExec(pid: number): boolean {
  if (readStatus(pid)("Name") !== "runc:[2:INIT]") return false;
  // Attack: a program that calls itself so, and is never looked at. runc's own file lies on the host; nothing outside of the image can be executed by an instance.
  const [program, root] = ["exe", "root"].map((name) => statSync(`/proc/${pid}/${name}`, { throwIfNoEntry: false }));
  return program?.dev !== root?.dev;
}

function idSettings(pid: number, place: Placement): Setting[] {
  const expected = `0 ${place.firstId} ${idRangeSize}`;
  return ["uid_map", "gid_map"].map((file) => ({
    name: file.replace("_", " "),
    expected,
    actual: words(readFileSync(`/proc/${pid}/${file}`, "utf8")),
  }));
}

const links: Readonly<Record<NamespaceKind, string>> = {
  user: "user",
  pid: "pid",
  network: "net",
  ipc: "ipc",
  uts: "uts",
  mount: "mnt",
  cgroup: "cgroup",
};

function namespaceSettings(pid: number, place: Placement): Setting[] {
  const own = namespaces.map((kind) => {
    const isHosts = readlinkSync(`/proc/${pid}/ns/${links[kind]}`) === readlinkSync(`/proc/self/ns/${links[kind]}`);
    return { name: `${kind} namespace`, expected: "its own", actual: isHosts ? "the host's" : "its own" };
  });
  const wanted = statSync(place.networkNamespace).ino;
  const actual = statSync(`/proc/${pid}/ns/net`).ino;
  return [...own, { name: "network namespace's identity", expected: String(wanted), actual: String(actual) }];
}

/** Of a process that entered an instance: that it is where the instance's first process is, and nowhere else. */
export function entrySettings(pid: number, first: number): Setting[] {
  return namespaces.map((kind) => ({
    name: `${kind} namespace`,
    expected: readlinkSync(`/proc/${first}/ns/${links[kind]}`),
    actual: readlinkSync(`/proc/${pid}/ns/${links[kind]}`),
  }));
}

function limitSettings(pid: number, place: Placement): Setting[] {
  const text = readFileSync(`/proc/${pid}/limits`, "utf8");
  const files = String(Math.min(openFiles, place.mostOpenFiles));
  const limits = [
    ["core dump size", "Max core file size", "0"],
    ["open files", "Max open files", files],
  ] as const;
  return limits.map(([name, line, value]) => ({ name, expected: `${value} ${value}`, actual: limitOf(text, line) }));
}

function limitOf(text: string, name: string): string {
  const line = text.split("\n").find((entry) => entry.startsWith(name)) ?? "";
  return words(line.slice(name.length)).split(" ").slice(0, 2).join(" ");
}

function readStatus(pid: number): (field: string) => string {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
  const fields = new Map(lines.map((line) => [line.split(":")[0] ?? "", words(line.slice(line.indexOf(":") + 1))]));
  return (field) => fields.get(field) ?? "unknown to this kernel";
}

function words(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}

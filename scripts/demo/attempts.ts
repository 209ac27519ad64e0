/** What a person or an attacker would try inside an instance, and the words of the error that must stop it. */
export type Attempt = {
  readonly what: string;
  /** Run by sh as the instance's own user. */
  readonly command: string;
  /** Why it must fail; a failure for another reason (a program that is not there) would prove nothing. */
  readonly refusal: RegExp;
};

export const attempts: readonly Attempt[] = [
  { what: "change the page it serves", command: "echo owned > /srv/www/index.html", refusal: /Read-only file system/ },
  {
    what: "install a package with dpkg",
    command:
      "mkdir -p /run/p/DEBIAN && printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' > /run/p/DEBIAN/control && " +
      "TMPDIR=/run dpkg-deb --build /run/p /run/p.deb > /dev/null && dpkg --install /run/p.deb",
    refusal: /superuser privilege|Read-only file system/,
  },
  {
    what: "unpack files over the root",
    command: "echo x > /run/x && cp /run/x /usr/bin/x",
    refusal: /Read-only file system/,
  },
  {
    what: "drop a program and run it",
    command: "cp /bin/ls /run/dropped && chmod +x /run/dropped && /run/dropped",
    refusal: /Permission denied/,
  },
  {
    what: "change a setting of the kernel",
    command: "echo owned > /proc/sys/kernel/hostname",
    refusal: /Read-only file system|Permission denied/,
  },
];

/** A shell script that makes every attempt and prints, for each, its output and its exit code between marks; then it waits to be stopped. */
export function attemptScript(): string {
  const lines = attempts.map(
    ({ command }, index) => `echo "${mark} ${index}"; ( ${command} ) 2>&1; echo "${mark} exit $?"`,
  );
  return `${lines.join("\n")}\necho "${mark} end"\nexec sleep 600`;
}

export type AttemptResult = { readonly attempt: Attempt; readonly exitCode: number; readonly said: string };

/** Reads what the script printed; undefined while it is not at its end. */
export function readAttempts(log: string): readonly AttemptResult[] | undefined {
  if (!log.includes(`${mark} end`)) return undefined;
  return attempts.map((attempt, index) => {
    const part = log.split(`${mark} ${index}\n`)[1]?.split(`${mark} exit `) ?? [];
    const said = (part[0] ?? "").trim().split("\n").at(0) ?? "";
    return { attempt, exitCode: Number.parseInt(part[1] ?? "-1", 10), said };
  });
}

/** Whether the instance held, for the reason it should. */
export function hasHeld({ attempt, exitCode, said }: AttemptResult): boolean {
  return exitCode > 0 && attempt.refusal.test(said);
}

const mark = "@@attempt";

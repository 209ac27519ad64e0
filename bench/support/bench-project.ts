import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { processContext, type Context } from "../../src/ground/context.ts";
import { runCommand } from "../../src/ground/run-command.ts";
import { readLock, writeLock } from "../../src/image/lock-file.ts";
import type { ImageLock, Lock } from "../../src/image/lock.ts";

export type BuildResult = {
  readonly digest: string;
  readonly size: number;
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
};

const program = join(import.meta.dirname, "../../bin/ingot");

/** The project that `ingot init` makes, with a home of its own beside it: `BASE/project` and `BASE/home`. */
export class BenchProject {
  readonly base: string;

  private constructor(base: string) {
    this.base = base;
  }

  /** Makes the project and locks it. */
  static async create(base: string): Promise<BenchProject> {
    mkdirSync(base, { recursive: true });
    const project = new BenchProject(base);
    await project.ingot(["init", project.folder], dirname(project.folder));
    await project.ingot(["lock"]);
    return project;
  }

  get folder(): string {
    return join(this.base, "project");
  }

  get home(): string {
    return join(this.base, "home");
  }

  get context(): Context {
    return processContext({ home: this.home, cwd: this.folder });
  }

  at(base: string): BenchProject {
    return new BenchProject(base);
  }

  /** A copy with the vault and the lists, but nothing built. */
  async copy(base: string): Promise<BenchProject> {
    const keep = (source: string) => !source.startsWith(join(this.home, "store"));
    cpSync(this.folder, join(base, "project"), { recursive: true });
    for (const part of ["vault", "cache/lists"])
      cpSync(join(this.home, part), join(base, "home", part), { recursive: true, filter: keep });
    return new BenchProject(base);
  }

  async ingot(args: readonly string[], cwd: string = this.folder): Promise<string> {
    const env = { ...process.env, INGOT_HOME: this.home, NO_COLOR: "1" };
    return (await runCommand(program, args, { cwd, env })).stdout;
  }

  async build(options: readonly string[] = []): Promise<BuildResult> {
    const { images } = JSON.parse(await this.ingot(["build", "--json", ...options])) as {
      images: readonly BuildResult[];
    };
    const [image] = images;
    if (image === undefined) throw new Error("ingot build --json named no image");
    return image;
  }

  lock(): Lock {
    const lock = readLock(join(this.folder, "ingot.lock"));
    if (lock === undefined) throw new Error("the project has no lock");
    return lock;
  }

  lockedImage(): ImageLock {
    const [image] = Object.values(this.lock().images);
    if (image === undefined) throw new Error("the lock has no image");
    return image;
  }

  writeLock(lock: Lock): void {
    writeLock(join(this.folder, "ingot.lock"), lock);
  }
}

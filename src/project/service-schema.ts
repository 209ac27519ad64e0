import * as z from "zod";
import { driftRuleNames } from "./drift-rule-names.ts";
import { labelPattern } from "./names.ts";
import { listenPattern, readDuration } from "./scalars.ts";
import {
  argumentList,
  duration as anyDuration,
  flag,
  list,
  mapping,
  named,
  size,
  text,
  whole,
  word,
} from "./schema-parts.ts";

/** More than any update takes, and as much as the timers of HAProxy and Node hold (2³¹ ms): one that is longer fires at once, or keeps a proxy from starting. */
const longest = "500h";

const duration = anyDuration.refine((written) => !(readDuration(written) > readDuration(longest)), {
  error: `a duration of at most ${longest}`,
});

/** Between checks, and for one: without a pause an instance would be asked all the time. */
const checkTime = duration.refine((written) => !(readDuration(written) < 10), { error: "a duration of at least 10ms" });

const absolutePath = text("an absolute path", /^\/[^\0]*$/);

const healthSchema = mapping("a mapping with get, run or tcp", {
  get: text("a path that starts with /, in printable ASCII without ' (the rest as %27)", /^\/[\x21-\x26\x28-\x7e]*$/)
    .optional()
    .describe("Healthy is an instance that answers this path with a status below 400."),
  run: argumentList.optional().describe("Healthy is an instance in which this program ends with 0."),
  tcp: flag().optional().describe("With true, healthy is an instance whose port accepts a connection."),
  interval: checkTime.default("1s").describe("The time between two checks."),
  timeout: checkTime.default("1s").describe("A check that takes longer has failed."),
  healthy_after: whole("a number of checks from 1 to 100", { min: 1, max: 100 })
    .default(2)
    .describe("Good checks in a row until an instance is healthy."),
  unhealthy_after: whole("a number of checks from 1 to 100", { min: 1, max: 100 })
    .default(3)
    .describe("Bad checks in a row until an instance is unhealthy."),
}).meta({ oneOf: [{ required: ["get"] }, { required: ["run"] }, { required: ["tcp"] }] });

const updateSchema = mapping("a mapping that describes an update", {
  strategy: word(["rolling", "canary", "blue-green"])
    .default("rolling")
    .describe("How the old set is replaced by the new one."),
  max_parallel: whole("a number of instances from 1 to 1000", { min: 1, max: 1000 })
    .default(1)
    .describe("How many instances are replaced at once."),
  min_healthy_time: duration.default("2s").describe("How long an instance must be healthy to count."),
  healthy_deadline: duration.default("1m").describe("An instance that is not healthy by then has failed."),
  progress_deadline: duration
    .default("5m")
    .describe("A rollout in which no instance became healthy for so long has failed."),
  auto_revert: flag().default(true).describe("Whether a failed rollout goes back to the release before."),
  canary: whole("a number of instances from 1 to 1000", { min: 1, max: 1000 })
    .default(1)
    .describe("Of the strategy canary: how many new instances get traffic before the others are replaced."),
  bake: duration
    .default("30s")
    .describe("How long the canary, or the whole new set of blue-green, must stay healthy before it goes on."),
  auto_promote: flag()
    .default(true)
    .describe("Whether it goes on by itself after that; else a person says so: ingot rollout promote."),
  scale_down_delay: duration
    .default("1m")
    .describe("How long the old instances are kept, without traffic, so that going back is a switch of traffic."),
});

const environmentSchema = named(
  "a mapping of environment variables",
  text("a variable's name", /^[A-Za-z_][A-Za-z0-9_]*$/),
  z.string({ error: "a text (numbers in quotes)" }).regex(/^[^\0]*$/, { error: "a text without NUL" }),
);

const limitsSchema = mapping("a mapping with memory, pids or cpus", {
  memory: size.optional().describe("Memory of an instance, such as 256M; what needs more is killed. Default: 512M."),
  pids: whole("a number of processes from 1 to 32768", { min: 1, max: 32_768 })
    .optional()
    .describe("Processes and threads of an instance. Default: 256."),
  cpus: z
    .number({ error: "a number of CPUs such as 0.5" })
    .min(0.01, { error: "at least 0.01 CPUs" })
    .max(1024, { error: "at most 1024 CPUs" })
    .optional()
    .describe("CPUs of an instance, also parts of one. Default: 1."),
});

const fileMapping = mapping("a path or a mapping with source or content", {
  source: text("a path inside the project's folder").optional().describe("A file of the project."),
  content: z.string({ error: "a text" }).optional().describe("The file's content itself, instead of a source."),
}).meta({ oneOf: [{ required: ["source"] }, { required: ["content"] }] });

const fileSchema = z.union([text("a path"), fileMapping], { error: "a path, or a mapping with source or content" });

const secretsSchema = named(
  "a mapping of paths to names of secrets",
  absolutePath,
  text("the name of a secret of the controller", labelPattern),
);

const guardSchema = mapping("a mapping with mode or exceptions", {
  mode: word(["observe", "replace", "prevent"])
    .default("replace")
    .describe(
      "What is done about drift: observe only tells; replace freezes, captures and replaces the instance; prevent also stops what enters from the host before it is judged.",
    ),
  exceptions: list(
    "a list of exceptions",
    mapping("a mapping with rule and reason", {
      rule: z
        .enum(driftRuleNames, { error: "a rule of the guard (docs/guard.md)" })
        .describe("The rule that does not hold here, by its name."),
      path: text("an absolute path, or a pattern with *", /^\/[^\0]*$/)
        .optional()
        .describe("What it is about; * stands for any part of a name, ** for any folders. Default: anything."),
      reason: text("a reason").describe("Why that is as it should be; it is on the record with each release."),
    }),
  )
    .default([])
    .describe("What is right although a rule of the guard says otherwise, each with a reason."),
});

const secretsText = "Secrets of the controller by their names, each as a file that only the instance's user can read.";
const environmentText = "Environment variables; they go before those of the image. Texts only.";

const overridesSchema = mapping("a mapping with replicas, listen, environment, secrets or limits", {
  replicas: whole("a number of instances from 1 to 1000", { min: 1, max: 1000 })
    .optional()
    .describe("Instances there."),
  listen: text("an address and a port, such as 127.0.0.1:8088", listenPattern)
    .optional()
    .describe("The address of the host there."),
  environment: environmentSchema.optional().describe("Variables there; the others stay."),
  secrets: secretsSchema.optional().describe("Secrets there; the others stay."),
  limits: limitsSchema.optional().describe("Limits there; the others stay."),
});

export const serviceSchema = mapping("a mapping that describes a service", {
  image: text("the name of an image of this file").describe("The image that the service runs."),
  replicas: whole("a number of instances from 1 to 1000", { min: 1, max: 1000 })
    .default(1)
    .describe("How many instances run."),
  listen: text("an address and a port, such as 127.0.0.1:8088", listenPattern)
    .optional()
    .describe("The address of the host that traffic comes in by."),
  health: healthSchema.optional().describe("How an instance is known to work."),
  update: updateSchema.prefault({}).describe("How a new release replaces the old one."),
  mode: word(["http", "tcp"])
    .default("http")
    .describe("What comes in at listen: HTTP requests (and WebSockets), or connections of any kind."),
  environment: environmentSchema.default({}).describe(environmentText),
  files: named("a mapping of paths to sources", absolutePath, fileSchema)
    .default({})
    .describe(
      "Files of the configuration, read-only: the image has a file at that path, or it lies in a writable folder.",
    ),
  secrets: secretsSchema.default({}).describe(secretsText),
  limits: limitsSchema.default({}).describe("What an instance may use."),
  drain: duration.default("30s").describe("How long requests under way may take once an instance gets no new ones."),
  grace: duration.default("10s").describe("From SIGTERM to SIGKILL."),
  hold: duration
    .default("10s")
    .describe("How long a request waits while no instance is there to take it; then it is answered with 503."),
  guard: guardSchema.prefault({}).describe("What is done when an instance is not what its image says."),
  in: named("a mapping of environments", text("the name of an environment", labelPattern), overridesSchema)
    .default({})
    .describe("What differs in an environment."),
});

import { listenPattern } from "./scalars.ts";
import { argumentList, duration, flag, mapping, text, whole, word } from "./schema-parts.ts";

const healthSchema = mapping("a mapping with get, run or tcp", {
  get: text("a path that starts with /", /^\/[^\0\s]*$/)
    .optional()
    .describe("Healthy is an instance that answers this path with a status below 400."),
  run: argumentList.optional().describe("Healthy is an instance in which this program ends with 0."),
  tcp: flag().optional().describe("With true, healthy is an instance whose port accepts a connection."),
  interval: duration.default("1s").describe("The time between two checks."),
  timeout: duration.default("1s").describe("A check that takes longer has failed."),
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
});

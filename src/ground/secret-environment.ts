type Environment = Readonly<Record<string, string | undefined>>;

/** What only this process may know. */
const secrets: ReadonlySet<string> = new Set(["INGOT_KEY_PASSPHRASE", "INGOT_TOKEN", "INGOT_ID_TOKEN"]);

/**
 * The environment that this process was started with; afterwards its own holds no secret any more. Attack: whatever a command starts without a thought for
 * it (workers, a helper, what that starts in turn) inherits the passphrase of the key.
 */
export function takeEnvironment(environment: NodeJS.ProcessEnv = process.env): Environment {
  const taken = { ...environment };
  for (const name of secrets) delete environment[name];
  return taken;
}

/** The part of an environment that another program is given: git runs the filters, and docker's helpers the agents, that others chose. */
export function withoutSecrets(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !secrets.has(name)));
}

import type { Config, Env } from "../../env";
import type { Outside } from "./fetch";

/** How scrapes and probes leave: SCRAPE_BINDINGS names hosts that are reached over a binding. */
export function outsideOf(env: Env, config: Config): Outside {
  const bindings = new Map<string, Fetcher>();
  for (const [host, name] of config.scrapeBindings) {
    // A binding that wrangler.toml adds is no part of Env's type.
    const binding = (env as unknown as Readonly<Record<string, Fetcher | undefined>>)[name];
    if (binding !== undefined) bindings.set(host, binding);
  }
  return { local: config.local, bindings };
}

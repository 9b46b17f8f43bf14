import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

// TEST_MIGRATIONS exists in the test environment alone (vitest.config.ts), so Env does not know it.
await applyD1Migrations(
  env.DB,
  (env as unknown as { TEST_MIGRATIONS: D1Migration[] }).TEST_MIGRATIONS,
);

/** On a busy machine the default of one second is little; a test of times gives its own. */
const WAIT_MS = 10_000;
const waitFor = vi.waitFor.bind(vi);
vi.waitFor = (work, options = WAIT_MS) => waitFor(work, options);

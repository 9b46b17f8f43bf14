import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Tests that watch a real clock closely run one at a time, after those that mostly wait. */
const ALONE = [
  "test/alerting/differential/differential.test.ts",
  "test/e2e/{beacon,live,object-requests}.test.ts",
];

/** Vitest's own number leaves one core of two idle; half of a worker's time goes by before its first test. */
const MAX_WORKERS = Math.max(3, availableParallelism());

/** Whole processes wait most of their time: for clocks, timers, retries. */
const WAITING = 2 * availableParallelism();

export default defineConfig({
  test: {
    maxWorkers: MAX_WORKERS,
    projects: [
      {
        test: {
          name: "core",
          include: ["test/**/*.test.ts"],
          exclude: ["test/worker/**", "test/e2e/**", ...ALONE],
          environment: "node",
          testTimeout: 30_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            remoteBindings: false,
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                LOCAL: "1",
                TOKEN_SECRET: "test-secret-of-the-worker-suite",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
              },
              ratelimits: {
                RATE_INGEST: { namespace_id: "1001", simple: { limit: 1_000_000, period: 60 } },
                RATE_BEACON: { namespace_id: "1002", simple: { limit: 1_000_000, period: 60 } },
                RATE_API: { namespace_id: "1003", simple: { limit: 1_000_000, period: 60 } },
              },
            },
          })),
        ],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          testTimeout: 30_000,
          setupFiles: ["./test/worker/setup.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ALONE,
          environment: "node",
          maxWorkers: WAITING,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "alone",
          include: ALONE,
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

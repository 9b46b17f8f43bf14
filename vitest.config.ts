import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Whole processes that mostly wait: they run side by side. The others measure CPU, time, or what one event costs. */
const SIDE_BY_SIDE = [
  "test/e2e/packs/**/*.test.ts",
  "test/e2e/alertmanager/{amtool,differential,fuzz,prometheus,webhook}.test.ts",
  "test/e2e/{action-links,alerting,alerting-outage,alertmanager-files,apply,backtest,d1-outage,delivery,heartbeats,kill,rules-restart,scrape,secrets}.test.ts",
];

/** Vitest's own number leaves one core of two idle; half of a worker's time goes by before its first test. */
const MAX_WORKERS = Math.max(3, availableParallelism());

export default defineConfig({
  test: {
    maxWorkers: MAX_WORKERS,
    projects: [
      {
        test: {
          name: "core",
          include: ["test/**/*.test.ts"],
          exclude: ["test/worker/**", "test/e2e/**"],
          environment: "node",
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
          setupFiles: ["./test/worker/setup.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: SIDE_BY_SIDE,
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "side",
          include: SIDE_BY_SIDE,
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
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
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, freePort, startVedette } from "./vedette";

const run = promisify(execFile);
const PROMETHEUS = "/usr/bin/prometheus";
const PROMTOOL = "/usr/bin/promtool";
const root = join(import.meta.dirname, "../..");

/** The start of a day six days ago, so that closed days and windows are crossed. */
const START_S = (Math.floor(Date.now() / 86_400_000) - 6) * 86_400;
const STEP_S = 60;
const STEPS = 2 * 24 * 60;

/** Counters with a reset, gauges with odd values and labels, a histogram. */
function openMetrics(): string {
  const lines = ["# TYPE requests counter", "# HELP requests Requests."];
  for (let s = 0; s < 6; s++)
    for (let i = 0; i < STEPS; i++)
      lines.push(
        `requests_total{host="h${s}",path="/a\\"b\\\\c"} ${(i % 1_500) * (s + 1)} ${START_S + i * STEP_S}.123`,
      );
  lines.push("# TYPE temperature gauge");
  for (let i = 0; i < STEPS; i++) {
    const value = ["NaN", "+Inf", "-Inf", "1.5e-7", String(Math.sin(i))][i % 5];
    lines.push(`temperature{room="café ☕"} ${value} ${START_S + i * STEP_S}`);
  }
  return [...lines, "# EOF", ""].join("\n");
}

describe.skipIf(!existsSync(PROMETHEUS) || !existsSync(PROMTOOL))(
  "back-fill (needs Debian's prometheus and promtool)",
  () => {
    let dir: string;
    let vedette: Vedette;
    let prometheus: ChildProcess;
    let reference: string;

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), "vedette-back-fill-"));
      await writeFile(join(dir, "data.om"), openMetrics());
      await run(PROMTOOL, [
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        join(dir, "data.om"),
        join(dir, "data"),
      ]);
      // promtool opens what a server left; there has been none yet.
      await mkdir(join(dir, "data", "wal"), { recursive: true });
      const { stdout } = await run(PROMTOOL, ["tsdb", "dump", join(dir, "data")], {
        maxBuffer: 1 << 28,
      });
      await writeFile(join(dir, "dump.txt"), stdout);
      await writeFile(join(dir, "prometheus.yml"), "global: {}\n");
      const port = await freePort();
      reference = `http://127.0.0.1:${port}`;
      prometheus = spawn(
        PROMETHEUS,
        [
          `--config.file=${dir}/prometheus.yml`,
          `--storage.tsdb.path=${dir}/data`,
          "--storage.tsdb.retention.time=90d",
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: "ignore" },
      );
      vedette = await startVedette();
      const ready = (): Promise<boolean> =>
        fetch(`${reference}/-/ready`).then(
          (r) => r.status === 200,
          () => false,
        );
      while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 100));
    }, 120_000);

    afterAll(async () => {
      prometheus?.kill("SIGKILL");
      await vedette?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    const backfill = async (file: string): Promise<string> => {
      const { stdout } = await run(
        join(root, "node_modules/node/bin/node"),
        [join(root, "scripts/backfill.mjs"), join(dir, file), "--url", vedette.url],
        { maxBuffer: 1 << 24 },
      );
      return stdout;
    };
    const QUERIES = [
      "requests_total",
      "sum by (host) (rate(requests_total[7m]))",
      "temperature",
      "increase(requests_total[1d])",
      'count_over_time({__name__=~".+"}[2d])',
    ];
    const answers = async (url: string, init: RequestInit): Promise<unknown[]> => {
      const params = {
        start: String(START_S + 33),
        end: String(START_S + STEPS * STEP_S + 1_000),
        step: "1234",
      };
      return Promise.all(
        QUERIES.map(async (query) => {
          const r = await fetch(
            `${url}/api/v1/query_range?${new URLSearchParams({ query, ...params }).toString()}`,
            init,
          );
          const body = (await r.json()) as {
            data: { result: { metric: Record<string, string>; values: unknown[] }[] };
          };
          return body.data.result
            .map((s) => [Object.entries(s.metric).sort(), s.values] as const)
            .sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1));
        }),
      );
    };
    const READ = { headers: { authorization: "Bearer vdt_read_local" } };

    it("answers what Prometheus answers of the same data, whatever of dump and OpenMetrics text it was given, and however often", async () => {
      const samples = 7 * STEPS;
      expect(await backfill("dump.txt")).toContain(`${samples} samples stored, 0 were there`);
      const expected = await answers(reference, {});
      expect(await answers(vedette.url, READ)).toEqual(expected);
      // The text rounds nothing that the dump had: the same samples again.
      expect(await backfill("data.om")).toContain(
        `0 samples stored, ${samples} were there already`,
      );
      expect(await answers(vedette.url, READ)).toEqual(expected);
    }, 120_000);

    it("names the line that it cannot read, in a file too", async () => {
      await writeFile(
        join(dir, "broken.txt"),
        '{__name__="a"} 1 1700000000000\n{__name__="a"} one 2\n',
      );
      await expect(backfill("broken.txt")).rejects.toThrow(/line 2: "one" is no number/);
    });

    it("deletes a series by Prometheus' API", async () => {
      const gone = new URLSearchParams({ "match[]": 'requests_total{host="h3"}' });
      const r = await vedette.fetch(`/api/v1/admin/tsdb/delete_series?${gone.toString()}`, {
        method: "POST",
        token: "vdt_admin_local",
      });
      expect(r.status).toBe(204);
      const left = await vedette.fetch(`/api/v1/series?match[]=requests_total&start=${START_S}`, {
        token: "vdt_read_local",
      });
      expect(((await left.json()) as { data: unknown[] }).data).toHaveLength(5);
    });
  },
);

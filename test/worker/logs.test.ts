import { exports } from "cloudflare:workers";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const ORIGIN = "http://vedette.test";
const auth = { authorization: "Bearer vdt_admin_local" };

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await exports.default.fetch(`${ORIGIN}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...auth, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

interface Answer {
  readonly lines: readonly {
    readonly message: string;
    readonly level: string;
    readonly service: string;
    readonly attributes: Record<string, string>;
    readonly timestamp: string;
  }[];
  readonly truncated?: { readonly reason: string };
  readonly next_to?: string;
}

async function search(params: Record<string, string>): Promise<Answer> {
  const r = await exports.default.fetch(
    `${ORIGIN}/api/v1/logs?${new URLSearchParams(params).toString()}`,
    { headers: auth },
  );
  expect(r.status, await r.clone().text()).toBe(200);
  return await r.json();
}

describe("native logs", () => {
  it("takes one line of a logger that can set no header, and finds it by a word", async () => {
    const r = await exports.default.fetch(`${ORIGIN}/api/v1/ingest/logs?token=vdt_ingest_local`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        timestamp: new Date().toISOString(),
        level: "error",
        service: "api",
        message: "Failed to fetch metrics",
        context: { requestId: "req-17" },
        error: {
          name: "TypeError",
          message: "x is undefined",
          stack: "TypeError: x is undefined\n  at f",
        },
        endpoint: "/api/dashboard",
      }),
    });
    expect(r.status, await r.clone().text()).toBe(200);
    expect(await r.json()).toEqual({ accepted: 1 });
    const { lines } = await search({ query: "FAILED req-17" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "error",
      service: "api",
      message: "Failed to fetch metrics",
    });
    expect(lines[0]?.attributes).toMatchObject({
      requestId: "req-17",
      "error.name": "TypeError",
      endpoint: "/api/dashboard",
    });
    expect((await search({ query: "failed -typeerror" })).lines).toHaveLength(0);
  });
});

describe("OTLP logs", () => {
  it("takes JSON, and the same body twice is kept once", async () => {
    const now = BigInt(Date.now()) * 1_000_000n + 123n;
    const body = {
      resourceLogs: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: String(now),
                  severityNumber: 17,
                  severityText: "ERROR",
                  body: { stringValue: "payment declined zebra" },
                },
              ],
            },
          ],
        },
      ],
    };
    for (let i = 0; i < 2; i++) {
      const r = await post("/v1/logs", body);
      expect(r.status, await r.clone().text()).toBe(200);
      expect(r.headers.get("content-type")).toBe("application/json");
      expect(await r.json()).toEqual({});
    }
    const { lines } = await search({ query: "zebra", service: "shop", level: "error" });
    expect(lines).toHaveLength(1);
    expect(
      await env.DB.prepare(
        "SELECT count(*) AS n FROM log_chunks WHERE services = '[\"shop\"]'",
      ).first("n"),
    ).toBe(1);
  });
});

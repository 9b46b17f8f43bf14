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

describe("a repeat", () => {
  const headers = { "idempotency-key": "upload-7" };
  const count = async (word: string): Promise<number> =>
    (await search({ query: word })).lines.length;

  it("with the client's own key is kept and counted once", async () => {
    for (let i = 0; i < 3; i++)
      expect(
        (await post("/api/v1/ingest/logs", { message: "keyed walrus", service: "repeat" }, headers))
          .status,
      ).toBe(200);
    expect(await count("walrus")).toBe(1);
    const r = await exports.default.fetch(
      `${ORIGIN}/api/v1/query?query=${encodeURIComponent('log_lines_total{service="repeat"}')}`,
      { headers: auth },
    );
    const body: { data: { result: { value: [number, string] }[] } } = await r.json();
    expect(body.data.result[0]?.value[1]).toBe("1");
  });
  it("of a list whose lines carry times is kept once, of a single line each time", async () => {
    const timestamp = new Date().toISOString();
    const list = [
      { message: "listed ocelot 1", timestamp },
      { message: "listed ocelot 2", timestamp },
    ];
    for (let i = 0; i < 2; i++) await post("/api/v1/ingest/logs", list);
    expect(await count("ocelot")).toBe(2);
    for (let i = 0; i < 2; i++)
      await post("/api/v1/ingest/logs", { message: "single badger", timestamp });
    expect(await count("badger")).toBe(2);
  });
});

describe("the live tail", () => {
  it("shows lines to who watches, and only then", async () => {
    const r = await exports.default.fetch(`${ORIGIN}/live`, {
      headers: { ...auth, upgrade: "websocket", origin: ORIGIN },
    });
    expect(r.status).toBe(101);
    const socket = r.webSocket;
    if (socket === null) throw new Error("no socket");
    const seen: string[] = [];
    socket.accept();
    socket.addEventListener("message", (e) => {
      const message = JSON.parse(String(e.data)) as { type: string; lines?: { message: string }[] };
      if (message.type === "logs") seen.push(...(message.lines ?? []).map((l) => l.message));
    });
    // The isolate learns within 5 s that somebody watches.
    await expect
      .poll(
        async () => {
          await post("/api/v1/ingest/logs", { message: "seen live" });
          return seen.includes("seen live");
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(true);
    socket.close();
  }, 20_000);
});

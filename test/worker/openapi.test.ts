import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { makeApp } from "../../src/app";
import { makeLink } from "../../src/core/signed-link";
import type { Env } from "../../src/env";
import { ERROR_CODES } from "../../src/http/error-codes";
import { openapiDocument } from "../../src/http/openapi/document";
import { FAMILIES } from "../../src/http/openapi/families";
import type { Operation } from "../../src/http/openapi/model";
import worker from "../../src/index";

const ORIGIN = "http://vedette.test";
const OPERATIONS = FAMILIES.flatMap((f) => f.operations);
const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  exports.default.fetch(`${ORIGIN}${path}`, { redirect: "manual", ...init });
const bearer = (name: string): { readonly authorization: string } => ({
  authorization: `Bearer vdt_${name}_local`,
});

/** A token with the scope that is described, and no other. */
const leastOf = (o: Operation): Readonly<Record<string, string>> =>
  o.scope === "none" || o.scope === "bootstrap" ? {} : bearer(o.scope);

/** Registered, and on purpose not described. */
const NOT_DESCRIBED: readonly { readonly route: RegExp; readonly why: string }[] = [
  { route: /^ALL \/\*$/, why: "middleware" },
  { route: /^GET \/$/, why: "leads to the web app" },
  {
    route:
      /^GET \/(monitoring|receiver|alerts|heartbeats|incidents|logs|traces|events|explore|rules|targets|cardinality|reports|settings|login)(\/\*)?$/,
    why: "pages of the web app",
  },
  { route: /^GET \/favicon\.svg$/, why: "files of the web app" },
];

const patternOf = (o: Operation): string => o.pattern ?? o.path.replaceAll(/\{(\w+)\}/g, ":$1");
const described = OPERATIONS.map((o) => `${o.method.toUpperCase()} ${patternOf(o)}`);
const registered = [...new Set(makeApp().routes.map((r) => `${r.method} ${r.path}`))];

describe("the table", () => {
  it("describes every route, and none that is not there", () => {
    const open = registered.filter((r) => !NOT_DESCRIBED.some((n) => n.route.test(r)));
    expect(described.toSorted()).toEqual(open.toSorted());
  });

  it("leaves out nothing but what is there", () => {
    for (const { route } of NOT_DESCRIBED) expect(registered.some((r) => route.test(r))).toBe(true);
  });
});

describe("security", () => {
  const guarded = OPERATIONS.filter((o) => o.scope !== "none" && o.scope !== "bootstrap");
  const call = (o: Operation, headers: HeadersInit = {}): Promise<Response> =>
    ask(o.path.replaceAll(/\{\w+\}/g, "x"), { method: o.method.toUpperCase(), headers });

  it.each(guarded.map((o) => [o.id, o] as const))("%s needs a token", async (_id, o) => {
    const r = await call(o);
    expect(r.status).toBe(401);
    expect(r.headers.get("www-authenticate")).toBe('Bearer realm="vedette"');
    expect(mediaOf(o, 401)).toContain(mediaTypeOf(r));
  });

  // A token that may do something else; for beacons even the administrator's.
  const other = { ingest: "read", beacon: "admin", read: "ingest", admin: "read" } as const;
  it.each(guarded.map((o) => [o.id, o] as const))("%s needs its scope", async (_id, o) => {
    const r = await call(o, bearer(other[o.scope as keyof typeof other]));
    expect(r.status).toBe(403);
    expect(mediaOf(o, 403)).toContain(mediaTypeOf(r));
    await r.body?.cancel();
  });

  it.each(OPERATIONS.filter((o) => o.scope === "none").map((o) => [o.id, o] as const))(
    "%s is public",
    async (_id, o) => {
      const r = await call(o);
      expect(Object.keys(responses(o))).toContain(String(r.status));
      expect(r.status).not.toBe(401);
      await r.body?.cancel();
    },
  );

  it("tells no more of the bootstrap than that it is off", async () => {
    expect((await ask("/config/v1/bootstrap", { method: "POST" })).status).toBe(404);
  });
});

describe("the document", () => {
  it("is public, fresh for 5 minutes, and names this deployment", async () => {
    const r = await ask("/openapi.json");
    expect(r.status).toBe(200);
    expect(r.headers.get("cache-control")).toBe("public, max-age=300");
    // Only the beacon is for other origins.
    expect(r.headers.get("access-control-allow-origin")).toBeNull();
    const served = await r.json<Document>();
    expect(served.openapi).toBe("3.1.1");
    expect(served.servers).toEqual([{ url: ORIGIN }]);
    expect(served).toEqual(
      JSON.parse(
        JSON.stringify(openapiDocument(FAMILIES, { url: ORIGIN, version: served.info.version })),
      ),
    );
  });

  it("names EXTERNAL_URL where that is set", async () => {
    // The handler's own Request type is workerd's incoming one.
    const request = new Request(`${ORIGIN}/openapi.json`) as Parameters<typeof worker.fetch>[0];
    const vars: Env = { ...env, EXTERNAL_URL: "https://vedette.example/base/" };
    const r = await worker.fetch(request, vars, createExecutionContext());
    expect((await r.json<Document>()).servers).toEqual([{ url: "https://vedette.example/base" }]);
  });

  it("refers to nothing that is missing, and keeps no schema that nobody refers to", () => {
    const refs = new Set(textsAt(DOCUMENT, "$ref"));
    for (const ref of refs) expect(pointedAt(ref), ref).toBeDefined();
    for (const name of Object.keys(DOCUMENT.components.schemas))
      expect(refs).toContain(`#/components/schemas/${name}`);
  });

  it("has unique operation ids and schema names", () => {
    const ids = OPERATIONS.map((o) => o.id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const names = FAMILIES.flatMap((f) => Object.keys(f.schemas ?? {}));
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  it("has words for everything that can have them", () => {
    for (const key of ["description", "summary"])
      for (const text of textsAt(DOCUMENT, key)) expect(text.trim()).not.toBe("");
    for (const o of operationObjects()) {
      expect(o.summary).toMatch(/\S/);
      for (const p of o.parameters ?? []) expect(p.description).toMatch(/\S/);
    }
    for (const o of OPERATIONS)
      for (const r of Object.values(responses(o))) expect(r.description).toMatch(/\S/);
  });

  it("declares each parameter of a path, and none twice", () => {
    for (const [path, methods] of Object.entries(DOCUMENT.paths))
      for (const o of Object.values(methods)) {
        const names = (o.parameters ?? []).map((p) => `${p.in} ${p.name}`);
        expect(new Set(names).size).toBe(names.length);
        expect(names.filter((n) => n.startsWith("path ")).toSorted()).toEqual(
          [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`).toSorted(),
        );
      }
  });

  it("explains every code of a problem where its type leads", async () => {
    const page = await (await ask("/docs/errors")).text();
    for (const code of Object.keys(ERROR_CODES)) expect(page).toContain(`<dt id="${code}">`);
  });

  it("requires only security schemes that it has", () => {
    const known = Object.keys(DOCUMENT.components.securitySchemes);
    for (const o of operationObjects())
      for (const s of o.security) expect(known).toEqual(expect.arrayContaining(Object.keys(s)));
  });
});

describe("what is described", () => {
  beforeAll(seed, 30_000);

  const reads = OPERATIONS.filter(
    (o) => o.method === "get" && (o.scope === "read" || o.scope === "admin" || o.scope === "none"),
  );
  it.each(reads.map((o) => [o.id, o] as const))("%s answers so", async (_id, o) => {
    const r = await ask(exampleOf(o), { headers: leastOf(o) });
    await expectDescribed(o, r);
    expect(r.status).toBe(OTHERWISE.get(o.id) ?? 200);
  });

  it.each(OPERATIONS.filter((o) => o.method !== "get").map((o) => [o.id, o] as const))(
    "%s says so what is wrong with nothing",
    async (_id, o) => {
      const path = o.path.replaceAll(/\{\w+\}/g, "nobody");
      const r = await ask(path, { method: o.method.toUpperCase(), headers: leastOf(o) });
      await expectDescribed(o, r);
      expect([401, 403]).not.toContain(r.status);
    },
  );

  const asked = OPERATIONS.flatMap((o) =>
    (o.parameters ?? []).filter((p) => p.in === "query").map((p) => [o.id, p.name, o] as const),
  );
  it.each(asked)("%s says so when %s is nonsense", async (_id, name, o) => {
    const address = new URL(exampleOf(o), ORIGIN);
    address.searchParams.set(name, "{nonsense");
    const r = await ask(`${address.pathname}${address.search}`, {
      method: o.method.toUpperCase(),
      headers: leastOf(o),
    });
    await expectDescribed(o, r);
  });

  const refused: readonly (readonly [string, RequestInit])[] = [
    ["another type", { headers: { "content-type": "image/png" }, body: "x" }],
    ["another encoding", { headers: { "content-encoding": "br" }, body: "x" }],
    ["what is no gzip", { headers: { "content-encoding": "gzip" }, body: "x" }],
    ["what is no text", { body: Uint8Array.of(0xff, 0xfe) }],
    ["what does not parse", { body: "{ [" }],
    ["the wrong shape", { body: '{"nobody": {"knows": "this"}}' }],
    ["a list of nothing that is known", { body: '[{"nobody": "knows"}, 7]' }],
    ["17 MiB", { body: " ".repeat(17 * 1024 * 1024) }],
  ];
  const taking = OPERATIONS.filter((o) => o.body !== undefined);
  it.each(taking.flatMap((o) => refused.map(([what, init]) => [o.id, what, o, init] as const)))(
    "%s says so when it is sent %s",
    async (_id, _what, o, init) => {
      const media = Object.keys(o.body?.content ?? {})[0] ?? "";
      const r = await ask(o.path.replaceAll(/\{\w+\}/g, "nobody"), {
        method: o.method.toUpperCase(),
        body: init.body ?? null,
        headers: {
          ...leastOf(o),
          "content-type": media,
          // Shaped by the table above.
          ...(init.headers as Readonly<Record<string, string>> | undefined),
        },
      });
      await expectDescribed(o, r);
    },
  );
});

interface ResponseObject {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface OperationObject {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
  }[];
  readonly responses: Readonly<Record<string, ResponseObject | { readonly $ref: string }>>;
  readonly security: readonly object[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly servers: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: object;
  };
}

// As JSON, the only form in which anybody gets it.
const DOCUMENT = JSON.parse(
  JSON.stringify(openapiDocument(FAMILIES, { url: ORIGIN, version: "0" })),
) as Document;

function operationObjects(): readonly OperationObject[] {
  return Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods));
}

/** By status, without references. */
function responses(o: Operation): Readonly<Record<string, ResponseObject>> {
  const own = DOCUMENT.paths[o.path]?.[o.method]?.responses ?? {};
  return Object.fromEntries(
    Object.entries(own).map(([status, r]) => [
      status,
      // What is at the reference is a response: its name is under components/responses.
      "$ref" in r ? (pointedAt(r.$ref) as ResponseObject) : r,
    ]),
  );
}

function mediaOf(o: Operation, status: number): readonly string[] {
  return Object.keys(responses(o)[status]?.content ?? {});
}

function mediaTypeOf(r: Response): string {
  return (r.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
}

/** The answer's status, media type and JSON are those of the document. */
async function expectDescribed(o: Operation, r: Response): Promise<void> {
  const text = await r.text();
  expect(Object.keys(responses(o)), text).toContain(String(r.status));
  const content = responses(o)[r.status]?.content;
  if (content === undefined || text === "") {
    expect(text).toBe("");
    return;
  }
  const media = mediaTypeOf(r);
  expect(Object.keys(content)).toContain(media);
  if (!media.endsWith("json") || media.endsWith("ndjson")) return;
  if (media === "application/problem+json") {
    const { code } = JSON.parse(text) as { readonly code: string };
    expect(responses(o)[r.status]?.description).toContain(`\`${code}\``);
  }
  const schema = { ...content[media]?.schema, $defs: DOCUMENT.components.schemas };
  const local = JSON.parse(
    JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"),
  ) as Parameters<typeof z.fromJSONSchema>[0];
  const checked = z.fromJSONSchema(local).safeParse(JSON.parse(text));
  expect(checked.error?.issues ?? [], text.slice(0, 2_000)).toEqual([]);
}

function textsAt(value: unknown, key: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([k, v]) =>
    k === key && typeof v === "string" ? [v] : textsAt(v, key),
  );
}

function pointedAt(ref: string): unknown {
  return ref
    .slice(2)
    .split("/")
    .reduce<unknown>(
      (at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name],
      DOCUMENT,
    );
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** An address of the operation that there is something at. */
function exampleOf(o: Operation): string {
  const values: Readonly<Record<string, string>> = {
    "/api/v1/traces/{id}": `/api/v1/traces/${TRACE}`,
    "/config/v1/rules/{namespace}": "/config/v1/rules/described",
    "/config/v1/rules/{namespace}/{group}": "/config/v1/rules/described/one",
    "/api/v1/label/{name}/values": "/api/v1/label/__name__/values",
    "/api/v1/query": "/api/v1/query?query=described&stats=all",
    "/api/v1/query_range": "/api/v1/query_range?query=described&start=0&end=60&step=15",
    "/api/v1/query_exemplars": "/api/v1/query_exemplars?query=described",
    "/api/v1/search/label_values": "/api/v1/search/label_values?label=job",
    "/api/v1/series": "/api/v1/series?match[]=described",
    "/api/v1/format_query": "/api/v1/format_query?query=up",
    "/api/v1/parse_query": "/api/v1/parse_query?query=up",
    "/probe": "/probe?target=http://127.0.0.1:9/",
    "/api/v1/reports/preview": "/api/v1/reports/preview?date=2026-01-02",
  };
  return values[o.path] ?? ids.get(o.path) ?? o.path;
}

/** What does not answer 200 to a plain GET: a socket, and what is refused by name. */
const OTHERWISE = new Map([
  ["watch", 400],
  ["watchServerNotifications", 404],
]);

/** Addresses with ids that only the Worker knows. */
const ids = new Map<string, string>();

/** Sends enough that what is listed is not empty. */
async function seed(): Promise<void> {
  const send = async (path: string, body: unknown, method = "POST"): Promise<Response> => {
    const r = await ask(path, {
      method,
      headers: { ...bearer("admin"), "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(r.status, `${path}: ${r.ok ? "" : await r.clone().text()}`).toBeLessThan(300);
    return r;
  };
  const now = Date.now();
  await send("/api/v1/ingest/metrics", { name: "described", value: 1 });
  await send("/api/v1/ingest/logs", { message: "described", level: "error", trace_id: TRACE });
  await send("/api/v1/ingest/events", {
    event: "described",
    user_id: "u",
    url: "https://a.example/b",
  });
  await send("/v1/traces", {
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: TRACE,
                spanId: "b7ad6b7169203331",
                name: "described",
                startTimeUnixNano: `${now}000000`,
                endTimeUnixNano: `${now + 5}000000`,
                events: [{ timeUnixNano: `${now}000000`, name: "e" }],
                links: [{ traceId: TRACE, spanId: "b7ad6b7169203332" }],
              },
            ],
          },
        ],
      },
    ],
  });
  await send("/config/v1/rules/described", {
    name: "one",
    rules: [
      { alert: "Described", expr: "described > 0", labels: { severity: "critical" } },
      { record: "described:sum", expr: "sum(described)" },
    ],
  });
  // The rule is there: a sample that it selects has it evaluated, and its alert told and opened as an incident.
  await send("/api/v1/ingest/metrics", { name: "described", value: 2 });
  const { silenceID } = await (
    await send("/api/v1/silences", {
      matchers: [{ name: "nobody", value: "x" }],
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + 60_000).toISOString(),
    })
  ).json<{ readonly silenceID: string }>();
  ids.set("/api/v2/silence/{id}", `/api/v2/silence/${silenceID}`);
  await send("/api/v1/maintenance-windows", {
    name: "described",
    matchers: [{ name: "nobody", value: "x" }],
    schedule: { intervals: [{ weekdays: ["sunday"] }] },
  });
  const heartbeat = await (
    await send("/api/v1/heartbeats", { name: "described", every: "1h", max_run: "5m" })
  ).json<{ readonly ping_url: string }>();
  const ping = new URL(heartbeat.ping_url).pathname;
  await send(ping, "a note");
  ids.set("/api/v1/heartbeat/{key}", ping);
  ids.set("/api/v1/heartbeat/{key}/{signal}", `${ping}/start`);
  ids.set("/api/v1/heartbeats/{name}", "/api/v1/heartbeats/described");
  const test = await (
    await send("/api/v1/alerts/test", { labels: { alertname: "DescribedTest" } })
  ).json<{ readonly id: string }>();
  ids.set("/api/v1/alerts/test/{id}", `/api/v1/alerts/test/${test.id}`);
  const link = await makeLink(env.TOKEN_SECRET ?? "", {
    action: "acknowledge",
    projectId: "default",
    receiver: "nobody",
    group: "0",
    fingerprints: [],
    expiresAtS: Math.ceil(now / 1_000) + 3_600,
  });
  ids.set("/a/{token}", `/a/${link}`);
  await send("/config/v1/tokens", { name: "described", scopes: ["read"] });
  await send("/api/v1/jobs/daily-report/run", "");
  const first = async (path: string, list: string): Promise<{ readonly id: string }> => {
    const answer = await (
      await ask(path, { headers: bearer("read") })
    ).json<Readonly<Record<string, readonly { readonly id: string }[]>>>();
    const [found] = answer[list] ?? [];
    if (found === undefined) throw new Error(`${path} has no ${list} yet`);
    return found;
  };
  const report = await first("/api/v1/reports", "reports");
  ids.set("/api/v1/reports/{id}", `/api/v1/reports/${report.id}`);
  await vi.waitFor(
    async () => {
      const incident = await first("/api/v1/incidents", "incidents");
      ids.set("/api/v1/incidents/{id}", `/api/v1/incidents/${incident.id}`);
      await first("/api/v1/receiver/inbox", "messages");
      await first("/api/v1/alerts/history", "alerts");
    },
    { timeout: 15_000, interval: 200 },
  );
}

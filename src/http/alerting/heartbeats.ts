import { type Context, Hono } from "hono";
import { parse as parseYaml } from "yaml";
import { mayDo } from "../../core/auth";
import type { HeartbeatsRpc } from "../../core/objects";
import { type Result, err, ok } from "../../core/result";
import { NOTE_CHARS } from "../../heartbeats/heartbeat";
import { HeartbeatBody, HeartbeatFile, specOf } from "../../heartbeats/input";
import type { Ping } from "../../heartbeats/model";
import type { HeartbeatView } from "../../heartbeats/view";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { type Problem, problem } from "../problem";
import { readText } from "../text-body";
import { makeHeartbeatKey, readHeartbeatKey } from "./heartbeat-key";

const MAX_BODY = 64 * 1024;
const MAX_FILE = 1024 * 1024;

type PutAnswer<T> = Result<T, { readonly reason: "too_many"; readonly limit: number }>;

/** `/api/v1/heartbeat/<key>`, which jobs ping, and what is expected of them. */
export function heartbeatRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.on(["GET", "POST"], "/api/v1/heartbeat/:key", (c) => ping(c, { kind: "success" }));
  app.on(["GET", "POST"], "/api/v1/heartbeat/:key/:signal", (c) => {
    const told = signalOf(c.req.param("signal"));
    return told.ok ? ping(c, told.value) : problem(c, told.error);
  });

  app.get("/api/v1/heartbeats", requireScope("read"), async (c) =>
    c.json({ heartbeats: await shown(c) }),
  );

  app.get("/api/v1/heartbeats/:name", requireScope("read"), async (c) => {
    const found = (await shown(c)).find((h) => h.name === c.req.param("name"));
    return found === undefined ? unknown(c) : c.json(found);
  });

  app.post("/api/v1/heartbeats", requireScope("admin"), async (c) => {
    const body = await readJson(c, HeartbeatBody, MAX_BODY);
    if (!body.ok) return problem(c, body.error);
    const spec = specOf(body.value, "api");
    const made = JSON.parse(await objectOf(c).put(JSON.stringify(spec))) as PutAnswer<{
      keyId: string;
      created: boolean;
    }>;
    if (!made.ok) return problem(c, tooMany(made.error.limit));
    const { keyId, created } = made.value;
    return c.json({ name: spec.name, ping_url: await pingUrl(c, keyId) }, created ? 201 : 200);
  });

  app.post("/api/v1/heartbeats/:name/key", requireScope("admin"), async (c) => {
    const name = c.req.param("name");
    const keyId = await objectOf(c).rotateKey(name);
    if (keyId === null) return unknown(c);
    return c.json({ name, ping_url: await pingUrl(c, keyId) });
  });

  app.delete("/api/v1/heartbeats/:name", requireScope("admin"), async (c) =>
    (await objectOf(c).remove(c.req.param("name"))) ? c.body(null, 204) : unknown(c),
  );

  app.get("/config/v1/heartbeats", requireScope("read"), async (c) => {
    const configs = c.get("deps").configStore(c.get("actor").projectId);
    const document = await configs.get("heartbeats", "default");
    return c.body(document?.body ?? "heartbeats: []\n", 200, {
      "content-type": "application/yaml; charset=utf-8",
    });
  });

  app.put("/config/v1/heartbeats", requireScope("admin"), async (c) => {
    const text = await readText(c, "yaml", MAX_FILE);
    if (!text.ok) return problem(c, text.error);
    const file = readFile(text.value);
    if (!file.ok) return problem(c, file.error);
    const specs = file.value.heartbeats.map((h) => specOf(h, "config"));
    // The object first: it refuses what is too many, and repeating the request repairs a store that failed.
    const done = JSON.parse(await objectOf(c).replace(JSON.stringify(specs))) as PutAnswer<{
      heartbeats: number;
      removed: number;
    }>;
    if (!done.ok) return problem(c, tooMany(done.error.limit));
    const configs = c.get("deps").configStore(c.get("actor").projectId);
    const stored = await configs.put("heartbeats", "default", text.value, c.get("actor").name);
    return c.json({ version: stored.version, ...done.value });
  });

  return app;
}

const objectOf = (c: Context<AppEnv>): HeartbeatsRpc =>
  c.get("deps").objects(c.get("actor").projectId).heartbeats();

async function ping(c: Context<AppEnv>, told: Omit<Ping, "atMs" | "note">): Promise<Response> {
  const deps = c.get("deps");
  const key = await readHeartbeatKey(deps.config.tokenSecret, c.req.param("key") ?? "");
  if (key === undefined) return unknown(c);
  const note = await noteOf(c.req.raw);
  const sent = JSON.stringify({ ...told, ...(note === "" ? {} : { note }) });
  // Answered only when it is stored: whoever hears nothing, or an error, sends it again.
  if (!(await deps.objects(key.projectId).heartbeats().ping(key.keyId, sent))) return unknown(c);
  c.header("cache-control", "no-store");
  return c.text("OK\n");
}

/** `start`, `fail`, or the exit code of the job. */
function signalOf(signal: string): Result<Omit<Ping, "atMs" | "note">, Problem> {
  if (signal === "start" || signal === "fail") return ok({ kind: signal });
  const exitCode = /^\d{1,3}$/.test(signal) ? Number(signal) : 256;
  if (exitCode <= 255) return ok({ kind: exitCode === 0 ? "success" : "fail", exitCode });
  return err({
    status: 400,
    code: "heartbeat_signal_unknown",
    detail: "behind the key stands nothing, start, fail, or an exit code from 0 to 255",
    where: "signal",
  });
}

/** The first of what the job says. However much follows, the ping counts: a job with a long log is alive. */
async function noteOf(request: Request): Promise<string> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < NOTE_CHARS) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value as Uint8Array, { stream: true });
    }
    await reader.cancel();
  } catch {
    // A body that breaks off is as good as what came of it.
  }
  return text.slice(0, NOTE_CHARS).trim();
}

/** Who may change heartbeats sees where they are pinged. */
async function shown(
  c: Context<AppEnv>,
): Promise<readonly (HeartbeatView & { readonly ping_url?: string })[]> {
  const list = JSON.parse(await objectOf(c).list()) as readonly {
    readonly keyId: string;
    readonly view: HeartbeatView;
  }[];
  const admin = mayDo(c.get("actor").scopes, "admin");
  return Promise.all(
    list.map(async ({ keyId, view }) => ({
      ...view,
      ...(admin ? { ping_url: await pingUrl(c, keyId) } : {}),
    })),
  );
}

async function pingUrl(c: Context<AppEnv>, keyId: string): Promise<string> {
  const { config } = c.get("deps");
  const { projectId } = c.get("actor");
  const key = await makeHeartbeatKey(config.tokenSecret, { projectId, keyId });
  return `${config.externalUrl ?? new URL(c.req.url).origin}/api/v1/heartbeat/${key}`;
}

function readFile(text: string): Result<ReturnType<typeof HeartbeatFile.parse>, Problem> {
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 100 });
  } catch (e) {
    const detail = e instanceof Error ? e.message : String(e);
    return err({ status: 400, code: "heartbeats_invalid", detail });
  }
  const parsed = HeartbeatFile.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err({
    status: 400,
    code: "heartbeats_invalid",
    detail: issue?.message ?? "the file has the wrong shape",
    where: `/${(issue?.path ?? []).join("/")}`,
  });
}

function unknown(c: Context<AppEnv>): Response {
  return problem(c, {
    status: 404,
    code: "heartbeat_unknown",
    detail: "there is no such heartbeat, or its key was replaced",
  });
}

function tooMany(limit: number): Problem {
  return {
    status: 429,
    code: "heartbeats_too_many",
    detail: `a project has at most ${limit} heartbeats`,
    limit: { name: "heartbeats", value: limit, raise: "remove heartbeats that are not needed" },
  };
}

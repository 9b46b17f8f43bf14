import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockD1 } from "./d1-lock";
import { type Vedette, eventually, startVedette } from "./vedette";

/** What a Sentry would get: path and body of each envelope. */
const envelopes: { readonly path: string; readonly body: string }[] = [];
let sentry: Server;
let vedette: Vedette;

beforeAll(async () => {
  sentry = createServer((req, res) => {
    let body = "";
    req.on("data", (d: Buffer) => (body += d.toString()));
    req.on("end", () => {
      envelopes.push({ path: req.url ?? "", body });
      res.end('{"id":"1"}');
    });
  });
  await new Promise<void>((resolve) => sentry.listen(0, "127.0.0.1", resolve));
  const { port } = sentry.address() as AddressInfo; // listening on TCP, so it is no pipe's name
  vedette = await startVedette({ vars: { SENTRY_DSN: `http://publickey@127.0.0.1:${port}/42` } });
});
afterAll(async () => {
  await vedette?.stop();
  sentry.closeAllConnections();
  sentry.close();
});

it(
  "reports its own unexpected errors to Sentry, without tokens, and answers without their text",
  { timeout: 60_000 },
  async () => {
    const unlock = await lockD1(vedette.stateDir);
    let answer: { status: number; body: { code: string; detail: string } };
    try {
      const r = await vedette.fetch("/config/v1/tokens?secret_in_query=hunter2", {
        token: "vdt_admin_local",
      });
      answer = { status: r.status, body: (await r.json()) as { code: string; detail: string } };
    } finally {
      unlock();
    }
    expect(answer.status).toBe(500);
    expect(answer.body.code).toBe("internal_error");
    expect(answer.body.detail).not.toMatch(/D1|SQLITE/);
    const envelope = await eventually(
      "the envelope",
      async () => envelopes.find((e) => e.body.includes('"exception"')),
      15_000,
    );
    expect(envelope.path).toContain("/api/42/envelope/");
    expect(envelope.body).toContain("/config/v1/tokens");
    expect(envelope.body).toMatch(/D1_ERROR/);
    expect(envelope.body).not.toContain("vdt_admin_local");
    expect(envelope.body).not.toContain("hunter2");
  },
);

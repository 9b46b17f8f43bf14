import { expect, it } from "vitest";
import type { IntegrationType } from "../../src/alerting/config";
import { readAnswer } from "../../src/notify/answer";

const NOW = 1_700_000_000_000;

function read(
  type: IntegrationType,
  status: number,
  body: unknown = "",
  retryAfter: string | null = null,
): unknown {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const r = readAnswer(type, { status, body: text, retryAfter }, NOW);
  if (r.kind !== "refused") return r.kind;
  return r.retryAfterMs === undefined ? r.again : [r.again, r.retryAfterMs];
}

it.each([
  [200, "taken"],
  [202, "taken"],
  [204, "taken"],
  [301, "never"],
  [400, "never"],
  [401, "never"],
  [403, "never"],
  [404, "never"],
  [410, "never"],
  [422, "never"],
  [408, "later"],
  [429, "later"],
  [500, "later"],
  [503, "later"],
  [529, "later"],
])("takes a webhook's %i for %s", (status, again) => {
  expect(read("webhook", status)).toBe(again);
  expect(read("email", status)).toBe(again);
});

it("reads chat.postMessage's errors under status 200, and a webhook's plain ok", () => {
  expect(read("slack", 200, "ok")).toBe("taken");
  expect(read("slack", 200, { ok: true, ts: "1" })).toBe("taken");
  expect(read("slack", 200, { ok: false, error: "channel_not_found" })).toBe("never");
  expect(read("slack", 200, { ok: false, error: "invalid_auth" })).toBe("never");
  expect(read("slack", 200, { ok: false, error: "internal_error" })).toBe("later");
  expect(read("slack", 200, { ok: false, error: "ratelimited" }, "3")).toEqual(["later", 3_000]);
  expect(read("slack", 429, "", "30")).toEqual(["later", 30_000]);
  expect(read("slack", 404, "no_active_hooks")).toBe("never");
});

it("reads Discord's retry_after in seconds with a fraction", () => {
  const body = { message: "You are being rate limited.", retry_after: 0.318, global: false };
  expect(read("discord", 429, body, "1")).toEqual(["later", 318]);
  expect(read("discord", 429, "", "1")).toEqual(["later", 1_000]);
  expect(read("discord", 204)).toBe("taken");
  expect(read("discord", 400, { code: 50_006 })).toBe("never");
});

it("tells Telegram's dislike of a form from its dislike of a chat", () => {
  const error = (description: string): unknown => ({ ok: false, error_code: 400, description });
  expect(read("telegram", 400, error("Bad Request: can't parse entities: unclosed"))).toBe("plain");
  expect(
    read("telegram", 400, error("Bad Request: inline keyboard button URL 'http://x' is invalid")),
  ).toBe("plain");
  expect(read("telegram", 400, error("Bad Request: chat not found"))).toBe("never");
  expect(read("telegram", 403, error("Forbidden: bot was kicked"))).toBe("never");
  expect(read("telegram", 429, { ok: false, parameters: { retry_after: 34 } }, "99")).toEqual([
    "later",
    34_000,
  ]);
  expect(read("telegram", 502, "<html>")).toBe("later");
  expect(read("telegram", 200, { ok: true, result: {} })).toBe("taken");
});

it("believes a Teams connector that says in its text what went wrong", () => {
  const said = (n: number): string =>
    `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${n} with ContextId x.`;
  expect(read("msteams", 200, "1")).toBe("taken");
  expect(read("msteams", 200, said(429))).toBe("later");
  expect(read("msteams", 200, said(403))).toBe("never");
  expect(read("msteamsv2", 202)).toBe("taken");
});

it("knows PagerDuty's answers", () => {
  expect(read("pagerduty", 202, { status: "success", dedup_key: "x" })).toBe("taken");
  expect(read("pagerduty", 400, { status: "invalid event" })).toBe("never");
  expect(read("pagerduty", 429)).toBe("later");
  expect(read("pagerduty", 403)).toBe("later");
});

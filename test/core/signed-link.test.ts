import { describe, expect, it } from "vitest";
import { type LinkClaims, makeLink, readLink } from "../../src/core/signed-link";
import { actionLinks, linkHeader } from "../../src/notify/links";

const SECRET = "a secret of the deployment";
const NOW = Date.UTC(2026, 10, 21);
const claims: LinkClaims = {
  action: "acknowledge",
  projectId: "default",
  receiver: "öps / <b>",
  group: "00ff00ff00ff00ff",
  groupLabels: { alertname: 'Disk "full"', __proto__x: "y" },
  fingerprints: ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"],
  expiresAtS: NOW / 1_000 + 60,
};

describe("a signed link", () => {
  it("comes back as it was made, until it expires", async () => {
    const token = await makeLink(SECRET, claims);
    expect(token).toMatch(/^[\w-]+\.[\w-]+$/);
    expect(await readLink(SECRET, token, NOW)).toEqual({ ok: true, value: claims });
    expect(await readLink(SECRET, token, NOW + 59_999)).toMatchObject({ ok: true });
    expect(await readLink(SECRET, token, NOW + 60_000)).toEqual({
      ok: false,
      error: { reason: "expired", expiredAtS: claims.expiresAtS },
    });
  });

  it("differs by everything that it says", async () => {
    const others: Partial<LinkClaims>[] = [
      { action: "silence" },
      { action: "resolve" },
      { projectId: "other" },
      { receiver: "x" },
      { group: "0000000000000000" },
      { fingerprints: [] },
      { expiresAtS: claims.expiresAtS + 1 },
    ];
    const made = await Promise.all(
      [{}, ...others].map((o) => makeLink(SECRET, { ...claims, ...o })),
    );
    expect(new Set(made).size).toBe(made.length);
    for (const token of made)
      expect(await readLink(SECRET, token, NOW)).toMatchObject({ ok: true });
  });

  it("is refused where one character is another, or the secret is", async () => {
    const token = await makeLink(SECRET, claims);
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === "A" ? "B" : "A";
      const forged = token.slice(0, i) + other + token.slice(i + 1);
      const read = await readLink(SECRET, forged, NOW);
      // The last character of base64 has bits that say nothing.
      if (read.ok) expect(i).toBe(token.length - 1);
      else expect(["malformed", "bad_signature"]).toContain(read.error.reason);
    }
    expect(await readLink("another secret of 16", token, NOW)).toEqual({
      ok: false,
      error: { reason: "bad_signature" },
    });
  });

  it.each(["", ".", "a.b", "a", "é.é", `${"A".repeat(3_001)}.AA`, "AAAA.AAAA", "A.A"])(
    "is refused as malformed: %j",
    async (token) => {
      expect(await readLink(SECRET, token, NOW)).toEqual({
        ok: false,
        error: { reason: "malformed" },
      });
    },
  );
});

describe("the links of a message", () => {
  const source = { secret: SECRET, projectId: "default", externalUrl: "https://v.example.com" };
  const alert = (fingerprint: string, status = "firing"): object => ({
    fingerprint,
    status,
    labels: {},
  });
  const notification = (
    alerts: readonly object[],
    groupLabels: Record<string, string> = { a: "b" },
  ) => ({
    receiver: "ops",
    groupKey: '{}:{a="b"}',
    status: "firing" as const,
    reason: "first_notification",
    dataJson: JSON.stringify({ groupLabels, alerts }),
  });

  it("are three addresses below 1,000 characters, whatever the group is called", async () => {
    const many = Array.from({ length: 500 }, (_, i) => alert(i.toString(16).padStart(16, "0")));
    const long = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`label_${i}`, "x".repeat(100)]),
    );
    for (const labels of [{ a: "b" }, { a: "x".repeat(380) }, long]) {
      const links = await actionLinks(source, notification(many, labels), NOW);
      for (const [action, link] of Object.entries(links ?? {})) {
        expect(link.length).toBeLessThan(1_000);
        const read = await readLink(SECRET, link.slice("https://v.example.com/a/".length), NOW);
        expect(read).toMatchObject({
          ok: true,
          value: { action, receiver: "ops", projectId: "default" },
        });
      }
      expect(Object.keys(links ?? {})).toEqual(["acknowledge", "silence", "resolve"]);
    }
  });

  it("are not there where nothing fires, or there is no address", async () => {
    expect(await actionLinks(source, notification([alert("a", "resolved")]), NOW)).toBeUndefined();
    expect(await actionLinks(source, { ...notification([]), dataJson: "{}" }, NOW)).toBeUndefined();
    expect(
      await actionLinks({ ...source, externalUrl: undefined }, notification([alert("a")]), NOW),
    ).toBeUndefined();
  });

  it("fit into a header", async () => {
    const links = await actionLinks(source, notification([alert("aa")]), NOW);
    expect(links && linkHeader(links)).toMatch(
      /^<https:\S+>; rel="acknowledge", <https:\S+>; rel="silence", <https:\S+>; rel="resolve"$/,
    );
  });
});

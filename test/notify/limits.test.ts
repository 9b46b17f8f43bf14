import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import type {
  DiscordIntegration,
  EmailIntegration,
  MsTeamsIntegration,
  PagerDutyIntegration,
  SlackIntegration,
  TelegramIntegration,
} from "../../src/alerting/config";
import type { NotificationAlert, NotificationData } from "../../src/alerting/notification-data";
import { renderEmail } from "../../src/notify/email";
import { type HttpIntegration, renderRequest } from "../../src/notify/render";
import { LINKS, message } from "./data";

vi.setConfig({ testTimeout: 60_000 });

const RUNS = { numRuns: 100 };
const base = { id: "ops/x/0", sendResolved: true } as const;
const bytes = (text: string): number => Buffer.byteLength(text);

/** Text as labels and annotations hold it at their worst: markup, surrogate pairs, control characters, and a lot of it. */
const text = (max: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(
        fc.oneof(
          fc.string({ unit: "grapheme", maxLength: 20 }),
          fc.constantFrom(
            "<b>",
            "</i>",
            "&amp;",
            "<&>",
            '"\\',
            "🔥👩‍👩‍👧",
            "*_`[x](y)~|{}.!#",
            "\n\r\u0000\u2028",
            "@everyone",
            "{{ .Status }}",
            "détail ",
          ),
        ),
        { maxLength: 12 },
      ),
      fc.oneof(fc.constant(1), fc.integer({ min: 1, max })),
    )
    .map(([parts, times]) => parts.join("").repeat(times).slice(0, max).toWellFormed());

const anAlert: fc.Arbitrary<NotificationAlert> = fc.record({
  status: fc.constantFrom("firing" as const, "resolved" as const),
  labels: fc
    .tuple(
      text(500),
      fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), text(3_000), { maxKeys: 8 }),
    )
    .map(([alertname, rest]) => ({ ...rest, alertname })),
  annotations: fc.record(
    { summary: text(20_000), description: text(20_000) },
    { requiredKeys: [] },
  ),
  startsAt: fc.constant("2026-01-02T03:04:05Z"),
  endsAt: fc.constant("0001-01-01T00:00:00Z"),
  generatorURL: fc.oneof(
    fc.constant(""),
    fc.constant("https://vedette.example/explore?q=(a)&b=<c>"),
    text(3_000).map((t) => `https://vedette.example/?q=${encodeURIComponent(t.toWellFormed())}`),
  ),
  fingerprint: fc.constant("0123456789abcdef"),
});

const someData: fc.Arbitrary<NotificationData> = fc
  .record({
    alerts: fc.oneof(
      fc.array(anAlert, { minLength: 1, maxLength: 5 }),
      fc
        .tuple(anAlert, fc.integer({ min: 50, max: 400 }))
        .map(([a, n]) => Array<NotificationAlert>(n).fill(a)),
    ),
    truncatedAlerts: fc.nat(1_000),
    groupLabels: fc.record({ alertname: text(2_000) }),
    commonLabels: fc.record({ severity: text(300), instance: text(2_000) }),
    externalURL: fc.constantFrom(
      "",
      "https://vedette.example",
      `https://${"x".repeat(900)}.example`,
    ),
  })
  .map((d) => ({
    version: "4",
    groupKey: "{}:{}",
    status: d.alerts.some((a) => a.status === "firing") ? "firing" : "resolved",
    receiver: "ops",
    commonAnnotations: {},
    notification_reason: "first notification",
    ...d,
  }));

const links = fc.constantFrom(undefined, LINKS, {
  acknowledge: `https://vedette.example/a/${"A".repeat(900)}`,
  silence: `https://vedette.example/a/${"S".repeat(900)}`,
  resolve: `https://vedette.example/a/${"R".repeat(900)}`,
});

/** Fields of a receiver whose templates put everything in. */
const ALL = "{{ range .Alerts }}{{ .Annotations.summary }}{{ .Labels.alertname }}{{ end }}";
const template = fc.constantFrom(undefined, "", "short {{ .Status }}", ALL);

function rendered(
  i: HttpIntegration,
  d: NotificationData,
  l: typeof LINKS | undefined,
  plain = false,
): unknown {
  const { body } = renderRequest(i, message(d, { links: l, plain }));
  // Half a surrogate pair is no text that a service takes.
  expect(body.isWellFormed()).toBe(true);
  expect(body).not.toMatch(/\\ud[89ab]..(?!\\ud[c-f])/i);
  return JSON.parse(body);
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Fields that are absent rather than undefined. */
const optional = <T extends object>(o: T): Given<T> =>
  // What is left has a value.
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Given<T>;

interface SlackBody {
  readonly text?: string;
  readonly attachments: readonly {
    readonly blocks?: readonly {
      readonly type: string;
      readonly text?: { readonly text: string };
      readonly elements?: readonly { readonly url?: string; readonly text: unknown }[];
    }[];
    readonly title?: string;
    readonly text?: string;
    readonly fields?: readonly { readonly value: string }[];
    readonly actions?: readonly unknown[];
  }[];
}

it("keeps Slack's blocks within its limits, and says how many alerts are missing", () => {
  fc.assert(
    fc.property(someData, links, (d, l) => {
      const slack: SlackIntegration = {
        ...base,
        type: "slack",
        apiUrl: "https://hooks.slack.com/x",
      };
      const sent = rendered(slack, d, l) as SlackBody;
      expect(JSON.stringify(sent).length).toBeLessThanOrEqual(13_000);
      const blocks = sent.attachments[0]?.blocks ?? [];
      expect(blocks.length).toBeLessThanOrEqual(50);
      expect(blocks[0]?.text?.text.length).toBeLessThanOrEqual(150);
      expect(blocks[0]?.text?.text.length).toBeGreaterThan(0);
      const sections = blocks.filter((b) => b.type === "section");
      for (const s of sections) {
        expect(s.text?.text.length).toBeLessThanOrEqual(3_000);
        expect(s.text?.text.length).toBeGreaterThan(0);
      }
      const foot = JSON.stringify(blocks.at(-1));
      const missing = d.alerts.length - sections.length + d.truncatedAlerts;
      if (missing > 0) expect(foot).toContain(`…and ${missing} more.`);
      for (const b of blocks)
        for (const e of b.elements ?? []) expect(e.url?.length ?? 0).toBeLessThanOrEqual(3_000);
    }),
    RUNS,
  );
});

it("keeps the attachment of a receiver's own texts within Slack's limits", () => {
  fc.assert(
    fc.property(someData, links, template, template, template, (d, l, title, body, field) => {
      const slack: SlackIntegration = {
        ...base,
        type: "slack",
        apiUrl: "https://hooks.slack.com/x",
        pretext: ALL,
        footer: ALL,
        messageText: ALL,
        fallback: ALL,
        username: ALL,
        ...optional({ title, text: body }),
        fields: Array.from({ length: 14 }, () => ({
          title: field ?? "t",
          value: field ?? "v",
          short: true,
        })),
        actions: Array.from({ length: 9 }, () => ({ type: "button", text: ALL, value: ALL })),
      };
      const sent = rendered(slack, d, l) as SlackBody;
      expect(JSON.stringify(sent).length).toBeLessThanOrEqual(13_000);
      const [a] = sent.attachments;
      expect(a?.title?.length).toBeLessThanOrEqual(1_024);
      expect(a?.fields?.length).toBeLessThanOrEqual(10);
      for (const f of a?.fields ?? []) expect(f.value.length).toBeLessThanOrEqual(2_000);
      expect(a?.actions?.length).toBeLessThanOrEqual(5);
    }),
    { numRuns: 40 },
  );
});

interface DiscordBody {
  readonly content?: string;
  readonly username?: string;
  readonly embeds: readonly {
    readonly title: string;
    readonly description: string;
    readonly url?: string;
    readonly footer: { readonly text: string };
  }[];
}

it("keeps Discord's embed within its limits", () => {
  fc.assert(
    fc.property(someData, links, template, template, template, (d, l, title, body, content) => {
      const discord: DiscordIntegration = {
        ...base,
        type: "discord",
        webhookUrl: "https://discord.com/api/webhooks/1/x",
        username: ALL,
        ...optional({ title, message: body, content }),
      };
      const sent = rendered(discord, d, l) as DiscordBody;
      const [e] = sent.embeds;
      expect(e?.title.length).toBeLessThanOrEqual(256);
      expect(e?.description.length).toBeLessThanOrEqual(4_096);
      const total =
        (e?.title.length ?? 0) + (e?.description.length ?? 0) + (e?.footer.text.length ?? 0);
      expect(total).toBeLessThanOrEqual(6_000);
      expect(total).toBeGreaterThan(0);
      expect(sent.content?.length ?? 0).toBeLessThanOrEqual(2_000);
      expect(sent.username?.length ?? 0).toBeLessThanOrEqual(80);
    }),
    RUNS,
  );
});

it.each(["msteams", "msteamsv2"] as const)("keeps the card of %s within 28 KB", (type) => {
  fc.assert(
    fc.property(someData, links, template, template, template, (d, l, title, body, summary) => {
      const teams: MsTeamsIntegration = {
        ...base,
        type,
        webhookUrl: "https://example.com/x",
        ...optional({ title, text: body, summary }),
      };
      const { body: sent } = renderRequest(teams, message(d, { links: l }));
      expect(bytes(sent)).toBeLessThanOrEqual(28 * 1_024);
      expect(sent.isWellFormed()).toBe(true);
    }),
    RUNS,
  );
});

it.each(["", "HTML", "MarkdownV2", "Markdown"] as const)(
  "keeps a Telegram message of parse mode %j within 4,096 characters, its markup whole",
  (parseMode) => {
    fc.assert(
      fc.property(someData, links, template, fc.boolean(), (d, l, own, plain) => {
        const telegram: TelegramIntegration = {
          ...base,
          type: "telegram",
          apiUrl: "https://api.telegram.org",
          botToken: "1:x",
          chatId: 1,
          disableNotifications: true,
          parseMode,
          ...optional({ message: own }),
        };
        const sent = rendered(telegram, d, l, plain) as { text: string; parse_mode?: string };
        expect(sent.text.length).toBeLessThanOrEqual(4_096);
        expect(sent.text.trim()).not.toBe("");
        if (plain) expect(sent.parse_mode).toBeUndefined();
        if (sent.parse_mode !== "HTML" || own !== undefined) return;
        // Every tag of ours is closed, and nothing else is one.
        const open: string[] = [];
        for (const [, end, tag] of sent.text.matchAll(/<(\/?)([^>\s]*)[^>]*>/g)) {
          expect(["b", "i", "a"]).toContain(tag);
          if (end === "") open.push(tag ?? "");
          else expect(open.pop()).toBe(tag);
        }
        expect(open).toEqual([]);
        expect(sent.text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#34;|#39;)/);
      }),
      RUNS,
    );
  },
);

it("keeps PagerDuty's event within 512 KB, its summary within 1,024 characters", () => {
  fc.assert(
    fc.property(
      someData,
      links,
      template,
      fc.constantFrom(1 as const, 2 as const),
      (d, l, own, version) => {
        const pagerduty: PagerDutyIntegration = {
          ...base,
          type: "pagerduty",
          routingKey: "k",
          url: "https://events.pagerduty.com/v2/enqueue",
          version,
          details: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d${i}`, ALL])),
          ...optional({ description: own, source: own, component: own }),
        };
        const { body } = renderRequest(pagerduty, message(d, { links: l }));
        expect(bytes(body)).toBeLessThanOrEqual(512_000);
        const event = JSON.parse(body) as Record<string, string> & {
          payload?: { summary: string; source: string };
        };
        expect((event["dedup_key"] ?? event["incident_key"] ?? "").length).toBeLessThanOrEqual(255);
        expect(event.payload?.summary.length ?? 1).toBeLessThanOrEqual(1_024);
        expect(event.payload?.source.length ?? 1).toBeGreaterThan(0);
      },
    ),
    { numRuns: 40 },
  );
});

it("keeps every header of a mail on one line and its parts within bounds", () => {
  fc.assert(
    fc.property(someData, links, template, (d, l, own) => {
      const email: EmailIntegration = {
        ...base,
        type: "email",
        to: "ops@example.com",
        headers: { Subject: own ?? ALL, "X-All": ALL },
        ...optional({ html: own, text: own }),
      };
      const made = renderEmail(email, message(d, { links: l }), "alerts@example.com");
      if (!made.ok) throw new Error(made.error.message);
      const m = made.value;
      expect(m.subject.length).toBeLessThanOrEqual(300);
      for (const v of [m.subject, ...Object.values(m.headers)]) {
        // eslint-disable-next-line no-control-regex -- they are what may not be there
        expect(v).not.toMatch(/[\u0000-\u001f\u2028\u2029]/);
        expect(v.length).toBeLessThanOrEqual(998);
      }
      expect((m.html ?? "").length + (m.text ?? "").length).toBeLessThanOrEqual(2_000_000);
      expect(m.html !== undefined || m.text !== undefined).toBe(true);
    }),
    { numRuns: 40 },
  );
});

import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readRouterConfig } from "../../src/alerting/config-parse";

// Files with one or two mistakes each, made at random out of one that uses nearly everything of Alertmanager 0.25,
// judged by Debian's amtool and by us.

const AMTOOL = spawnSync("amtool", ["--version"]).status === 0;
const FILES = 400;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const BASE: Json = {
  global: {
    resolve_timeout: "5m",
    slack_api_url: "http://a/",
    opsgenie_api_key: "x",
    victorops_api_key: "y",
    wechat_api_secret: "s",
    wechat_api_corp_id: "c",
    smtp_smarthost: "a:25",
    smtp_from: "b",
    http_config: { follow_redirects: false, basic_auth: { username: "u", password: "p" } },
  },
  route: {
    receiver: "a",
    group_by: ["x", "y"],
    group_wait: "1s",
    group_interval: "5m",
    repeat_interval: "1h",
    routes: [
      {
        receiver: "b",
        matchers: ["a=b", 'c=~"d|e"'],
        continue: true,
        match: { x: "y" },
        match_re: { z: "a.*" },
        mute_time_intervals: ["t"],
        active_time_intervals: ["u"],
        routes: [{ receiver: "a", group_by: ["..."] }],
      },
    ],
  },
  inhibit_rules: [
    {
      source_match: { a: "b" },
      source_match_re: { a: "b" },
      source_matchers: ["a=b"],
      target_match: { c: "d" },
      target_match_re: { c: "d" },
      target_matchers: ["c!=d"],
      equal: ["x"],
    },
  ],
  time_intervals: [
    {
      name: "t",
      time_intervals: [
        {
          times: [{ start_time: "09:00", end_time: "17:00" }],
          weekdays: ["monday:friday", "sunday"],
          days_of_month: ["1:5", "-3:-1"],
          months: ["january:march", "5"],
          years: ["2020:2022", "2030"],
          location: "Europe/Berlin",
        },
      ],
    },
  ],
  mute_time_intervals: [{ name: "u", time_intervals: [{ months: ["6:8"] }] }],
  receivers: [
    {
      name: "a",
      webhook_configs: [
        {
          url: "http://x/",
          max_alerts: 3,
          send_resolved: true,
          http_config: {
            authorization: { type: "Bearer", credentials: "c" },
            tls_config: { insecure_skip_verify: true, server_name: "s" },
            proxy_url: "http://p/",
          },
        },
      ],
      slack_configs: [
        {
          api_url: "http://s/",
          channel: "c",
          fields: [{ title: "t", value: "v", short: true }],
          actions: [
            { type: "button", text: "t", url: "u" },
            { type: "b", text: "t", name: "n", confirm: { text: "x" } },
          ],
          short_fields: true,
          mrkdwn_in: ["text"],
        },
      ],
      email_configs: [
        {
          to: "a",
          from: "b",
          smarthost: "c:25",
          headers: { Subject: "s" },
          require_tls: false,
          html: "h",
          tls_config: { insecure_skip_verify: true },
        },
      ],
      pagerduty_configs: [
        {
          routing_key: "k",
          url: "http://u/",
          details: { a: "b" },
          images: [{ src: "s", alt: "a" }],
          links: [{ href: "h", text: "t" }],
        },
      ],
    },
    {
      name: "b",
      opsgenie_configs: [
        {
          api_key: "k",
          responders: [{ name: "n", type: "team" }],
          details: { a: "b" },
          update_alerts: true,
        },
      ],
      victorops_configs: [{ api_key: "k", routing_key: "r", custom_fields: { a: "b" } }],
      pushover_configs: [{ token: "t", user_key: "u", retry: "1m", expire: "1h", html: true }],
      wechat_configs: [{ corp_id: "c", api_secret: "s", message_type: "markdown" }],
      sns_configs: [
        { topic_arn: "t", sigv4: { access_key: "a", secret_key: "s" }, attributes: { a: "b" } },
      ],
      telegram_configs: [{ bot_token: "t", chat_id: -5, parse_mode: "HTML" }],
      webex_configs: [{ room_id: "r", http_config: { authorization: { credentials: "c" } } }],
      discord_configs: [{ webhook_url: "http://d/", title: "t" }],
    },
  ],
  templates: ["a/*.tmpl"],
};

const VALUES: readonly Json[] = [
  null,
  "",
  0,
  1,
  -3,
  1.5,
  true,
  false,
  "yes",
  99_999_999_999,
  "x",
  "http://a/",
  "ftp://b",
  "5m",
  "1h30m",
  "0s",
  "1d",
  "24:00",
  "monday",
  "-1:5",
  "a:25",
  "{{ .A }}",
  "a=b",
  "(",
  "<secret>",
  "...",
  "Bearer",
  "basic",
  "0x1F",
  [],
  {},
  ["a"],
  ["a", "a"],
  [null],
  [{}],
  { a: "b" },
  { a: null },
  ["..."],
];

/** Fields that somewhere are one too many. */
const FIELDS = [
  "name",
  "url",
  "api_key_file",
  "api_url_file",
  "service_key",
  "bearer_token",
  "bearer_token_file",
  "basic_auth",
  "html",
  "message_type",
  "target_arn",
  "phone_number",
  "receiver",
  "match",
  "equal",
];

/** What 0.25 says of things that are allowed by now. */
const NEWER = /not found in type|in group_by list|is not a valid label name|missing bot_token/;

/** A linear congruence: the same files in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(next: () => number, list: readonly T[]): T {
  return list[Math.floor(next() * list.length)] as T; // next() lies below 1
}

/** Every mapping and list with something in it. */
function holders(value: Json): (Json[] | { [name: string]: Json })[] {
  if (value === null || typeof value !== "object") return [];
  const inner = Object.values(value).flatMap(holders);
  return Object.keys(value).length === 0 ? inner : [value, ...inner];
}

function spoil(file: Json, next: () => number): void {
  const holder = pick(next, holders(file));
  const chance = next();
  if (Array.isArray(holder)) {
    const i = Math.floor(next() * holder.length);
    if (chance < 0.25) holder.splice(i, 1);
    else if (chance < 0.85) holder[i] = structuredClone(pick(next, VALUES));
    else holder.push(structuredClone(holder[0] ?? null));
    return;
  }
  const name = pick(next, Object.keys(holder));
  if (chance < 0.25) delete holder[name];
  else if (chance < 0.85) holder[name] = structuredClone(pick(next, VALUES));
  else holder[pick(next, FIELDS)] = structuredClone(pick(next, VALUES));
}

function amtool(file: string): Promise<string> {
  return new Promise((done) => {
    execFile("amtool", ["check-config", file], (_, stdout, stderr) => done(stdout + stderr));
  });
}

it.skipIf(!AMTOOL)(
  `judges ${FILES} spoilt files as amtool check-config does`,
  { timeout: 180_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "mutations-"));
    const next = random(25);
    let compared = 0;
    let refused = 0;
    try {
      const judge = async (n: number): Promise<void> => {
        const file = structuredClone(BASE);
        for (let i = next() < 0.5 ? 1 : 2; i > 0; i--) spoil(file, next);
        const yaml = JSON.stringify(file, null, 1);
        const path = join(dir, `${n}.yml`);
        writeFileSync(path, yaml);
        const said = await amtool(path);
        // An empty entry of a list ends the old amtool itself.
        if (said.includes("panic:") || NEWER.test(said)) return;
        const ok = said.includes("SUCCESS");
        const ours = readRouterConfig(
          { alertmanagerConfig: yaml, templateFiles: {}, files: {} },
          { strict: true },
        );
        compared++;
        if (!ok) refused++;
        expect({ yaml, ok: ours.ok }, ours.ok ? said : `${said}\n${ours.error.message}`).toEqual({
          yaml,
          ok,
        });
      };
      for (let n = 0; n < FILES; n += 2) await Promise.all([judge(n), judge(n + 1)]);
    } finally {
      rmSync(dir, { recursive: true });
    }
    expect(compared).toBeGreaterThan(FILES / 2);
    expect(refused).toBeGreaterThan(FILES / 5);
  },
);

import { expect, it } from "vitest";
import { readRouterConfig } from "../../src/alerting/config-parse";
import { checkOutgoingUrl } from "../../src/core/outgoing-url";

const SECRETS: Readonly<Record<string, string>> = {
  WORD: "s3cr3t-w0rd",
  NAME: "s3cr3tword",
  HOOK: "https://10.0.0.7/s3cr3t-path",
  PORT: "https://example.com:s3cr3t/x",
  ESCAPE: "https://example.com/%zzs3cr3t",
  LINE: "s3cr3t\nsecond",
};

function said(yaml: string): string {
  const read = readRouterConfig(
    { alertmanagerConfig: yaml, templateFiles: {}, files: {} },
    {
      secrets: (name) => SECRETS[name],
      checkUrl: (url) => {
        const checked = checkOutgoingUrl(url, false);
        return checked.ok ? undefined : checked.error.message;
      },
    },
  );
  if (!read.ok) return read.error.message;
  const { undelivered, warnings, notices } = read.value;
  return JSON.stringify([undelivered, warnings, notices]);
}

const webhook = (more: string): string =>
  `route: { receiver: r }\nreceivers: [{ name: r, webhook_configs: [{ ${more} }] }]\n`;

// What a project's secret is goes in and never comes out, not even as what was wrong with it.
it.each([
  ["a duration", `global: { resolve_timeout: "\${WORD}" }\n${webhook("url: https://example.com")}`],
  [
    "a host and port",
    `global: { smtp_smarthost: "\${WORD}" }\n${webhook("url: https://example.com")}`,
  ],
  ["an address that is none", webhook('url: "${WORD}"')],
  ["an address inside", webhook('url: "${HOOK}"')],
  ["a port", webhook('url: "${PORT}"')],
  ["an escape", webhook('url: "${ESCAPE}"')],
  ["a control character", webhook('url: "https://example.com/${LINE}"')],
  ["a number", webhook('url: https://example.com, max_alerts: "${WORD}"')],
  ["a flag", webhook('url: https://example.com, send_resolved: "${WORD}"')],
  ["a proxy", webhook('url: https://example.com, http_config: { proxy_url: ":${WORD}" }')],
  [
    "a TLS version",
    webhook('url: https://example.com, http_config: { tls_config: { min_version: "${WORD}" } }'),
  ],
  [
    "a template",
    `route: { receiver: r }\nreceivers: [{ name: r, discord_configs: [{ webhook_url: https://example.com, title: "{{ \${NAME} }}" }] }]`,
  ],
  [
    "a parse mode",
    `route: { receiver: r }\nreceivers: [{ name: r, telegram_configs: [{ bot_token: a, chat_id: 1, parse_mode: "\${WORD}" }] }]`,
  ],
])("an error about %s says nothing of the secret in it", (_, yaml) => {
  const text = said(yaml);
  expect(text).not.toMatch(/s3cr3t|10\.0\.0\.7/);
  expect(text.length).toBeGreaterThan(5);
});

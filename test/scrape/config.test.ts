import { describe, expect, it } from "vitest";
import { redactSecrets, restoreSecrets } from "../../src/alerting/config-secrets";
import { parsePrometheusFile } from "../../src/scrape/config";
import { redactPrometheusFile } from "../../src/scrape/config-secrets";
import type { PrometheusFile } from "../../src/scrape/model";
import { parseProbeModules } from "../../src/scrape/probe-config";

function parsed(text: string): PrometheusFile {
  const r = parsePrometheusFile(text);
  if (!r.ok) throw new Error(`${r.error.line}:${r.error.column} ${r.error.message}`);
  return r.value;
}

const WHOLE = `
global:
  scrape_interval: 15s
  scrape_timeout: 5s
  evaluation_interval: 30s
  external_labels: { region: eu }
  sample_limit: 500
rule_files: [rules/*.yml, more.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: [a:9093] }] }] }
remote_write: [{ url: http://elsewhere/write }]
scrape_configs:
  - job_name: api
    scheme: https
    metrics_path: /internal/metrics
    params: { format: [prometheus], x: [a, b] }
    honor_labels: true
    body_size_limit: 2MB
    authorization: { credentials: s3cret }
    static_configs:
      - targets: [api-1:443, api-2:443]
        labels: { env: prod }
    relabel_configs:
      - source_labels: [__address__]
        regex: '([^:]+):\\d+'
        target_label: instance
  - job_name: fast
    scrape_interval: 1s
    static_configs: [{ targets: [b:80] }]
  - job_name: pods
    kubernetes_sd_configs: [{ role: pod }]
    tls_config: { insecure_skip_verify: true }
`;

describe("a whole prometheus.yml", () => {
  it("is read, with defaults, and what is done otherwise is noted", () => {
    const file = parsed(WHOLE);
    expect(file.ruleFiles).toEqual(["rules/*.yml", "more.yml"]);
    expect(file.externalLabels).toEqual({ region: "eu" });
    expect(file.evaluationIntervalMs).toBe(30_000);
    const [api, fast] = file.jobs;
    expect(api).toMatchObject({
      name: "api",
      intervalMs: 15_000,
      timeoutMs: 5_000,
      scheme: "https",
      metricsPath: "/internal/metrics",
      params: { format: ["prometheus"], x: ["a", "b"] },
      honorLabels: true,
      honorTimestamps: true,
      bodyLimit: 2 * 1024 * 1024,
      sampleLimit: 500,
      auth: { kind: "header", value: "Bearer s3cret" },
    });
    // The timeout of the file is longer than this job's interval.
    expect(fast).toMatchObject({ intervalMs: 1_000, timeoutMs: 1_000 });
    expect(file.notes.map((n) => n.split(":")[0])).toEqual([
      "global.evaluation_interval",
      "alerting",
      "remote_write",
      "pods",
      "pods",
    ]);
  });

  it("says of every field that changes nothing here that it does not", () => {
    const { notes } = parsed(
      "{ global: { scrape_native_histograms: true }, scrape_configs: [{ job_name: a, enable_http2: false }] }",
    );
    expect(notes).toEqual([
      "global.scrape_native_histograms: it changes nothing here",
      "a: enable_http2 changes nothing here",
    ]);
  });

  const refused: readonly (readonly [string, string, RegExp, string])[] = [
    [
      "no name",
      "scrape_configs:\n  - static_configs: []",
      /missing: scrape_configs\[0\].job_name/,
      "2:5",
    ],
    [
      "an unknown field",
      "scrape_configs:\n  - job_name: a\n    scrape_intervall: 1s",
      /unknown field: scrape_configs\[0\].scrape_intervall/,
      "3:5",
    ],
    ["an unknown section", "globul: {}", /unknown field: globul/, "1:1"],
    [
      "a bad duration",
      "global: { scrape_interval: soon }",
      /global.scrape_interval: not a valid duration/,
      "1:28",
    ],
    [
      "too short an interval",
      "scrape_configs: [{ job_name: a, scrape_interval: 100ms }]",
      /below 1s/,
      "1:50",
    ],
    [
      "a timeout over the interval",
      "scrape_configs: [{ job_name: a, scrape_interval: 1s, scrape_timeout: 2s }]",
      /scrape timeout greater than scrape interval/,
      "1:70",
    ],
    [
      "a name twice",
      "scrape_configs: [{ job_name: a }, { job_name: a }]",
      /scrape_configs\[1\]: found multiple scrape configs with job name "a"/,
      "1:35",
    ],
    [
      "a target with a path",
      "scrape_configs: [{ job_name: a, static_configs: [{ targets: ['h/x'] }] }]",
      /"h\/x" is not a valid hostname/,
      "1:62",
    ],
    [
      "two kinds of credentials",
      "scrape_configs: [{ job_name: a, basic_auth: {}, bearer_token: x }]",
      /at most one of/,
      "1:18",
    ],
    [
      "a file that is not here",
      "scrape_configs: [{ job_name: a, bearer_token_file: /x }]",
      /there are no files here/,
      "1:52",
    ],
    [
      "an unknown action",
      "scrape_configs: [{ job_name: a, relabel_configs: [{ action: nope }] }]",
      /unknown relabel action "nope"/,
      "1:51",
    ],
    [
      "a pattern RE2 refuses",
      "scrape_configs: [{ job_name: a, relabel_configs: [{ regex: '(?=x)', target_label: y }] }]",
      /relabel_configs\[0\]/,
      "1:51",
    ],
    [
      "hashmod without a modulus",
      "scrape_configs: [{ job_name: a, relabel_configs: [{ action: hashmod, target_label: y }] }]",
      /non-zero modulus/,
      "1:51",
    ],
    [
      "a header of the connection",
      "scrape_configs: [{ job_name: a, http_headers: { Host: { values: [x] } } }]",
      /is not a header that can be set/,
      "1:55",
    ],
    ["what is no mapping", "- a", /the file must be a mapping/, "1:1"],
  ];
  it.each(refused)("refuses %s, and says where", (_, text, message, where) => {
    const r = parsePrometheusFile(text);
    if (r.ok) throw new Error("it was accepted");
    expect(r.error.message).toMatch(message);
    expect(`${r.error.line}:${r.error.column}`).toBe(where);
  });
});

it("shows none of a prometheus.yml's secrets, and knows each again", () => {
  const yaml = `
scrape_configs:
  - { job_name: a, basic_auth: { username: u, password: hidden-1 }, proxy_url: "http://u:hidden-2@proxy" }
  - { job_name: b, authorization: { credentials: hidden-3 }, ec2_sd_configs: [{ secret_key: hidden-4 }] }
remote_write:
  - { url: "https://u:hidden-5@elsewhere/write", http_headers: { X-Key: { secrets: [hidden-6, hidden-7] } } }
  - { url: "https://open/write", oauth2: { client_secret: hidden-8 } }
`;
  const shown = redactSecrets(yaml);
  expect(shown).not.toContain("hidden");
  expect(shown).toContain("https://open/write");
  const back = restoreSecrets(shown, yaml);
  if (!back.ok) throw new Error(back.error.message);
  for (let i = 1; i <= 8; i++) expect(back.value).toContain(`hidden-${i}`);
  expect(redactSecrets(back.value)).toBe(shown);
  const unknown = restoreSecrets("remote_write: [{ url: <secret> }]", undefined);
  expect(unknown.ok ? "" : unknown.error.reason).toBe("secret_unknown");
});

describe("probe modules", () => {
  it("are blackbox_exporter's, with http_2xx always there", () => {
    const r = parseProbeModules(`
modules:
  api_up:
    prober: http
    timeout: 3s
    http:
      method: POST
      headers: { x-probe: "1" }
      body: '{}'
      valid_status_codes: [200, 204]
      follow_redirects: false
      fail_if_body_not_matches_regexp: ["ok"]
      fail_if_header_matches: [{ header: server, regexp: old }]
      basic_auth: { username: u, password: p }
`);
    if (!r.ok) throw new Error(r.error.message);
    expect(Object.keys(r.value)).toEqual(["http_2xx", "api_up"]);
    expect(r.value["api_up"]).toMatchObject({
      method: "POST",
      validStatusCodes: [200, 204],
      followRedirects: false,
      timeoutMs: 3_000,
      auth: { kind: "basic", username: "u", password: "p" },
    });
  });

  it("of other probers are refused by name", () => {
    const r = parseProbeModules("modules: { ping: { prober: icmp } }");
    expect(r.ok ? "" : r.error.message).toMatch(/modules.ping: a Worker cannot probe by "icmp"/);
  });
});

describe("a file that is shown", () => {
  it("holds no secret, also of what nobody reads here", () => {
    const shown = redactPrometheusFile(`
scrape_configs:
  - job_name: a
    basic_auth: { username: u, password: hidden-1 }
    tls_config: { key: hidden-2, ca_file: shown-1 }
    proxy_url: http://u:hidden-3@proxy:80
    openstack_sd_configs: [{ application_credential_secret: hidden-4 }]
    ec2_sd_configs: [{ secret_key: hidden-5 }]
remote_write:
  - url: https://user:hidden-6@elsewhere/write
    http_headers: { x-key: { secrets: [hidden-7], values: [shown-2] }, Authorization: { values: [hidden-8] } }
    sigv4: { access_key: hidden-9, secret_key: hidden-10 }
`);
    expect(shown).not.toContain("hidden");
    expect(shown.match(/shown-\d/g)).toEqual(["shown-1", "shown-2"]);
  });

  it("holds no header of a probe that carries credentials", () => {
    const shown = redactPrometheusFile(
      "modules: { m: { prober: http, http: { headers: { Authorization: hidden, Cookie: hidden, X-Probe: shown } } } }",
    );
    expect(shown).not.toContain("hidden");
    expect(shown).toContain("shown");
  });
});

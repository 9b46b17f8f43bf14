import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "./vedette";

const ADMIN = "vdt_admin_local";
/** Every secret of this file starts so: what is looked for in files and answers. */
const MARK = "s3cr3t";

interface Heard {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly custom: string | undefined;
  readonly body: string;
}

const heard: Heard[] = [];
let server: Server;
let base = "";
let vedette: Vedette;
let stateDir: string;

beforeAll(async () => {
  server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += String(chunk)));
    req.on("end", () => {
      heard.push({
        path: req.url ?? "",
        authorization: req.headers.authorization,
        custom: req.headers["x-team"] as string | undefined,
        body,
      });
      res.end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stateDir = await mkdtemp(join(tmpdir(), "vedette-secrets-"));
  vedette = await startVedette({ stateDir });
});

afterAll(async () => {
  await vedette?.stop();
  await rm(stateDir, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

/** Port 9 takes no connection: the message stays in the outbox, tried again and again. */
const config = (): string => `# routes of the shop
global:
  slack_api_url: ${base}/${MARK}-slack
route:
  receiver: everybody
  group_wait: 0s
  group_by: [alertname]
receivers:
  - name: everybody
    webhook_configs:
      - url: ${base}/${MARK}-hook?token=\${HOOK_TOKEN}
        http_config:
          basic_auth: { username: shop, password: ${MARK}-password }
          http_headers: { X-Team: { secrets: [${MARK}-header] } }
      - url: ${base}/filed
        http_config:
          authorization: { credentials_file: secrets/token }
      - url: http://127.0.0.1:9/${MARK}-dead
    slack_configs:
      - channel: "#ops"
        send_resolved: true
        title: '{{ template "shop.title" . }}'
`;

const bundle = (): string =>
  JSON.stringify({
    alertmanager_config: `templates: ["*.tmpl"]\n${config()}`,
    template_files: {
      "shop.tmpl":
        '{{ define "shop.title" }}shop: {{ .CommonLabels.alertname }} ({{ .Alerts.Firing | len }}){{ end }}',
    },
    files: { "secrets/token": `${MARK}-filed\n` },
  });

async function admin(path: string, init: RequestInit = {}): Promise<Response> {
  return vedette.fetch(path, { ...init, token: ADMIN });
}

async function put(path: string, body: string): Promise<Record<string, unknown>> {
  const r = await admin(path, { method: "PUT", body });
  const text = await r.text();
  if (!r.ok) throw new Error(`PUT ${path}: ${r.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

it("sends with every secret, and leaves none of them in a file or an answer", async () => {
  await put("/config/v1/secrets/HOOK_TOKEN", JSON.stringify({ value: `${MARK}-token` }));
  const first = await put("/config/v1/alertmanager", bundle());
  expect(first).toMatchObject({ version: 1, warnings: [{ name: "variables_filled" }] });
  expect(await put("/config/v1/alertmanager", bundle())).toMatchObject({ version: 1 });

  await admin("/api/v1/receivers/everybody/test", { method: "POST" });
  await eventually("all that answer are told", async () => heard.length >= 3);
  expect(heard.find((h) => h.path === `/${MARK}-hook?token=${MARK}-token`)).toMatchObject({
    authorization: `Basic ${btoa(`shop:${MARK}-password`)}`,
    custom: `${MARK}-header`,
  });
  expect(heard.find((h) => h.path === "/filed")?.authorization).toBe(`Bearer ${MARK}-filed`);
  expect(heard.find((h) => h.path === `/${MARK}-slack`)?.body).toContain("shop: TestAlert (1)");
  await eventually("the dead one is logged", async () =>
    (await (await admin("/api/v1/notifications")).text()).includes('"outcome":"failed"'),
  );
  await expectNowhere();
});

it("shows `<secret>`, and keeps what stands behind it, also when only the YAML comes back", async () => {
  const shown = await (await admin("/config/v1/alertmanager")).text();
  expect(shown).toContain("# routes of the shop");
  expect(shown.match(/<secret>/g)?.length).toBe(6);
  expect(await put("/config/v1/alertmanager", shown)).toMatchObject({ version: 1 });
  const whole = await (
    await admin("/config/v1/alertmanager", { headers: { accept: "application/json" } })
  ).text();
  expect(JSON.parse(whole)).toMatchObject({ files: { "secrets/token": "<secret>" } });
  expect(await put("/config/v1/alertmanager", whole)).toMatchObject({ version: 1 });
  expect(await put("/config/v1/alertmanager", `${shown}# changed\n`)).toMatchObject({ version: 2 });

  heard.length = 0;
  await admin("/api/v1/receivers/everybody/test", { method: "POST" });
  await eventually("all that answer are told", async () => heard.length >= 3);
  expect(heard.map((h) => h.path).sort()).toEqual(
    [`/filed`, `/${MARK}-hook?token=${MARK}-token`, `/${MARK}-slack`].sort(),
  );
  expect(heard.find((h) => h.path === `/${MARK}-slack`)?.body).toContain("shop: TestAlert (1)");
});

it("sends with a changed secret at once, and keeps one that is in use", async () => {
  expect(
    await put("/config/v1/secrets/HOOK_TOKEN", JSON.stringify({ value: `${MARK}-other` })),
  ).toMatchObject({ name: "HOOK_TOKEN", in_use: true });
  heard.length = 0;
  await admin("/api/v1/receivers/everybody/test", { method: "POST" });
  await eventually("the new one is used", async () =>
    heard.some((h) => h.path.endsWith(`token=${MARK}-other`)),
  );
  const refused = await admin("/config/v1/secrets/HOOK_TOKEN", { method: "DELETE" });
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: "secret_in_use" }]);
  await put("/config/v1/secrets/SPARE", JSON.stringify({ value: `${MARK}-spare` }));
  expect((await admin("/config/v1/secrets/SPARE", { method: "DELETE" })).status).toBe(200);
  expect((await admin("/config/v1/secrets/SPARE", { method: "DELETE" })).status).toBe(404);
  await expectNowhere();
});

it("scrapes with a password that no file holds, also after a restart", async () => {
  const file = `scrape_configs:
  - job_name: shop
    scrape_interval: 1s
    basic_auth: { username: shop, password: ${MARK}-scrape }
    static_configs: [{ targets: ["${new URL(base).host}"] }]
`;
  expect(await put("/config/v1/prometheus", file)).toMatchObject({ version: 1 });
  expect(await put("/config/v1/prometheus", file)).toMatchObject({ version: 1 });
  const scraped = async (): Promise<boolean> =>
    heard.some(
      (h) => h.path === "/metrics" && h.authorization === `Basic ${btoa(`shop:${MARK}-scrape`)}`,
    );
  await eventually("a scrape came", scraped);
  await expectNowhere();
  // Under a key of its own; what was sealed under the one made of TOKEN_SECRET opens still.
  await restart({ SECRETS_KEY: "a-key-of-its-own-long-enough" });
  heard.length = 0;
  // What the cron does each minute: objects whose process died are woken.
  expect((await admin("/api/v1/jobs/tick-check/run", { method: "POST" })).status).toBe(200);
  await eventually("it scrapes on", scraped);
  await admin("/api/v1/receivers/everybody/test", { method: "POST" });
  await eventually("and sends on", async () => heard.some((h) => h.path === "/filed"));
  await put("/config/v1/secrets/HOOK_TOKEN", JSON.stringify({ value: `${MARK}-third` }));
  await put(
    "/config/v1/alertmanager",
    `${await (await admin("/config/v1/alertmanager")).text()}# again`,
  );
  await restart({
    SECRETS_KEY: "yet-another-key-long-enough",
    SECRETS_KEY_PREVIOUS: "a-key-of-its-own-long-enough",
  });
  heard.length = 0;
  await admin("/api/v1/receivers/everybody/test", { method: "POST" });
  await eventually("it opens what the former key sealed", async () =>
    heard.some((h) => h.path.endsWith(`token=${MARK}-third`)),
  );
});

/** Ends Vedette and starts it over the same state. */
async function restart(vars: Readonly<Record<string, string>>): Promise<void> {
  await vedette.stop();
  vedette = await startVedette({ stateDir, vars });
}

it("says what would come of a file without storing it, and takes `--strict` at its word", async () => {
  const check = async (query: string, body: string): Promise<unknown> =>
    (await admin(`/config/v1/alertmanager?${query}`, { method: "PUT", body })).json();
  const before = await (await admin("/config/v1/alertmanager")).text();
  const strange = "route: {receiver: a, routes: [{receiver: b}]}\nreceivers: [{name: a}]\n";
  expect(await check("check=1", bundle())).toMatchObject({
    valid: true,
    deliverable: true,
    warnings: [{ name: "variables_filled" }],
  });
  expect(await check("check=1", strange)).toMatchObject({
    valid: true,
    warnings: [{ name: "receiver_undefined" }],
  });
  expect(await check("check=1&strict=1", strange)).toMatchObject({
    valid: false,
    error: { code: "config_receiver_undefined" },
  });
  expect(
    await check(
      "check=1",
      "route: {receiver: a}\nreceivers: [{name: a, victorops_configs: [{api_key: k, routing_key: r}]}]\n",
    ),
  ).toMatchObject({
    valid: true,
    deliverable: false,
    undelivered: [{ code: "config_not_delivered" }],
  });
  expect(await (await admin("/config/v1/alertmanager")).text()).toBe(before);
});

/** Looks through every file of the state and every answer that needs no parameter. */
async function expectNowhere(): Promise<void> {
  const files = (await readdir(vedette.stateDir, { recursive: true, withFileTypes: true })).filter(
    (f) => f.isFile(),
  );
  expect(files.filter((f) => f.name.endsWith(".sqlite")).length).toBeGreaterThan(5);
  const found: string[] = [];
  let plain = 0;
  for (const f of files) {
    const bytes = await readFile(join(f.parentPath, f.name));
    if (bytes.includes("routes of the shop")) plain++;
    const at = bytes.indexOf(MARK);
    if (at >= 0)
      found.push(`${f.name}: ${bytes.subarray(Math.max(0, at - 80), at + 40).toString("latin1")}`);
  }
  // What is no secret is found this way.
  expect(plain).toBeGreaterThan(0);
  const spec = (await (await admin("/openapi.json")).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const paths = Object.keys(spec.paths).filter(
    (p) => spec.paths[p]?.["get"] !== undefined && !p.includes("{") && !/live/.test(p),
  );
  expect(paths).toContain("/config/v1/alertmanager");
  for (const path of paths)
    for (const accept of ["*/*", "application/json"]) {
      const r = await admin(path, { headers: { accept } });
      const text = await r.text();
      if (text.includes(MARK))
        found.push(
          `GET ${path}: ${text.slice(Math.max(0, text.indexOf(MARK) - 80), text.indexOf(MARK) + 40)}`,
        );
    }
  expect(found).toEqual([]);
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Vedette, startVedette } from "../vedette";
import { configuration } from "./requests";
import { type AlertmanagerServer, type Ran, installed, run, startAlertmanager } from "./server";

/** A command of amtool that is run against both. */
interface Command {
  /** Words after `amtool`; `{name}` is the silence that the command of that name printed, `{export}` a file. */
  readonly args: readonly string[];
  readonly makes?: string;
  readonly input?: string;
  readonly fails?: true;
}

const words = (text: string): string[] =>
  [...text.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? "");
const say = (text: string, more: Omit<Command, "args"> = {}): Command => ({
  args: words(text),
  ...more,
});

const FAR = "2099-01-01T00:00:00Z";
const add = (labels: string, more = ""): Command =>
  say(`alert add ${labels} --start=2026-01-01T00:00:00Z --end=${FAR} ${more}`);

const SILENCES = JSON.stringify(
  [1, 2, 3].map((n) => ({
    matchers: [{ name: "imported", value: String(n), isRegex: false, isEqual: n !== 2 }],
    startsAt: "2026-01-01T00:00:00.000Z",
    endsAt: `2099-03-0${n}T00:00:00.000Z`,
    createdBy: "importer",
    comment: `number ${n}`,
  })),
);

/** In order; what one of them changes is there for those after it. */
const COMMANDS: readonly Command[] = [
  say("alert query"),
  say("silence query"),
  say("cluster show"),
  add("alertname=Slow team=db severity=critical cluster=a instance=i1"),
  add("alertname=Slow team=db severity=warning cluster=a instance=i2"),
  add(
    "alertname=Down team=web",
    "'--annotation=summary=it is down' --annotation=runbook=http://wiki.test/down --generator-url=http://prometheus.test/graph",
  ),
  add("Positional service=s"),
  say("alert add NoEnd x=y"),
  say("alert add", { fails: true }),
  say("alert"),
  say("alert query"),
  say("alert query -o extended"),
  say("alert query -o json"),
  say("alert query alertname=Slow"),
  say("alert query Slow"),
  say("alert query 'alertname=~Slo.*' severity=critical -o extended"),
  say("alert query 'team!=db'"),
  say("alert query 'team!~d.' -o json"),
  say("alert query --inhibited"),
  say("alert query --active"),
  say("alert query --silenced"),
  say("alert query --unprocessed"),
  say("alert query --receiver=chat"),
  say("alert query --receiver=team.* -o extended"),
  say("alert query --receiver=(", { fails: true }),
  say("alert query 'alertname=~('"),
  say("silence add alertname=Slow -c 'works on it' -a ann -d 2h", { makes: "slow" }),
  say("silence add 'team=~w.b' 'severity!=critical' -c regex -a bob -d 3h", { makes: "regex" }),
  say(
    "silence add Positional --comment=one --author=ann --start=2099-01-01T00:00:00Z --end=2099-02-01T00:00:00Z",
    { makes: "later" },
  ),
  say("silence add x=y -a ann", { fails: true }),
  say("silence add -c nothing", { fails: true }),
  say("silence add 'x=~.*' -c everything -a ann", { fails: true }),
  say(
    "silence add x=y -c backwards -a ann --start=2099-02-01T00:00:00Z --end=2099-01-01T00:00:00Z",
    { fails: true },
  ),
  say("silence query"),
  say("silence query -o extended"),
  say("silence query -o json"),
  say("silence query alertname=Slow"),
  say("silence query 'team=~w.b'"),
  say("silence query --created-by=bob"),
  say("silence query --within=150m"),
  say("silence query nothing=here"),
  say("alert query"),
  say("alert query --silenced -o extended"),
  say("alert query --active -o json"),
  say("silence update {slow} -d 4h", { makes: "slow" }),
  say("silence update {regex} -c 'another comment' -o json"),
  say("silence update {slow} {regex} --duration=5h -o extended"),
  say("silence update 00000000-0000-4000-8000-000000000000 -d 1h", { fails: true }),
  say("silence update", { fails: true }),
  say("silence query"),
  say("silence expire {regex}"),
  say("silence expire {regex}"),
  say("silence expire", { fails: true }),
  say("silence query"),
  say("silence query --expired -o extended"),
  say("silence query --expired --within=1h"),
  say("alert query --silenced"),
  say("silence import", { input: SILENCES }),
  say("silence import {export}"),
  say("silence query imported=1"),
  say("silence query 'imported!=2' -o json"),
  say("silence import", { input: "no JSON", fails: true }),
  say("config routes"),
  say("config routes show"),
  say("config routes test team=db severity=critical"),
  say("config routes test team=db"),
  say("config routes test team=web --tree"),
  say("config routes test service=s"),
  say("config routes test nothing=here"),
  say("config routes test team=web --verify.receivers=chat"),
  say("config routes test team=web --verify.receivers=pager", { fails: true }),
];

// amtool and Alertmanager are Debian's; where they are not installed there is nothing to compare with.
describe.skipIf(!installed("prometheus-alertmanager") || !installed("amtool"))(
  "amtool says the same of both",
  () => {
    const sink = createServer((_, res) => res.end());
    let vedette: Vedette;
    let alertmanager: AlertmanagerServer;
    let config: string;
    let dir: string;
    let ours: Party;
    let theirs: Party;

    beforeAll(async () => {
      await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
      dir = await mkdtemp(join(tmpdir(), "amtool-"));
      config = configuration(`http://127.0.0.1:${(sink.address() as AddressInfo).port}`);
      [vedette, alertmanager] = await Promise.all([startVedette(), startAlertmanager(config)]);
      const put = await vedette.fetch("/config/v1/alertmanager", {
        method: "PUT",
        body: config,
        headers: { "content-type": "application/yaml" },
        token: "vdt_admin_local",
      });
      expect(put.status, await put.text()).toBe(200);
      const http = join(dir, "http.yml");
      await writeFile(http, "authorization: { credentials: vdt_admin_local }\n");
      await writeFile(join(dir, "silences.json"), SILENCES.replaceAll("imported", "from_file"));
      const silences = (): Map<string, string> => new Map([["export", join(dir, "silences.json")]]);
      ours = {
        options: [`--alertmanager.url=${vedette.url}`, `--http.config.file=${http}`],
        known: silences(),
      };
      theirs = {
        options: [`--alertmanager.url=${alertmanager.url}`],
        known: silences(),
      };
    }, 90_000);
    afterAll(async () => {
      await Promise.all([vedette?.stop(), alertmanager?.stop()]);
      sink.close();
      await rm(dir, { recursive: true, force: true });
    });

    it.each(COMMANDS.map((c, i) => [`${i + 1}. ${c.args.join(" ")}`, c] as const))(
      "%s",
      async (_, command) => {
        const [a, b] = await Promise.all([said(ours, command), said(theirs, command)]);
        expect(a).toEqual(b);
        expect(b.code !== 0, b.stderr).toBe(command.fails === true);
      },
    );

    it("config show: the file in force, without Alertmanager's defaults and without secrets", async () => {
      const [a, b] = await Promise.all(
        [ours, theirs].map(async (p) => run("amtool", [...p.options, "config", "show"])),
      );
      expect(a?.code, a?.stderr).toBe(0);
      const shown: unknown = parse(a?.stdout ?? "");
      expect(parse(b?.stdout ?? "")).toMatchObject(withAddresses(shown, config) as object);
      expect(a?.stdout).not.toContain("127.0.0.1");
    });

    // 0.26 and later answer 404 where Debian's answers 500, which its amtool does not know.
    it("silence expire of one that there is not fails", async () => {
      const nobody = "00000000-0000-4000-8000-000000000000";
      const asked = await run("amtool", [...ours.options, "silence", "expire", nobody]);
      expect(asked.code).not.toBe(0);
      expect(asked.stderr).toContain("status 404");
    });

    it("takes a token as a password in the address", async () => {
      const url = vedette.url.replace("://", "://anybody:vdt_read_local@");
      const asked = await run("amtool", [
        `--alertmanager.url=${url}`,
        "alert",
        "query",
        "--silenced",
      ]);
      expect(asked.code, asked.stderr).toBe(0);
      expect(asked.stdout).toContain("Down");
    });

    it("is refused without a token, and where the token may not do it", async () => {
      const asked = await run("amtool", [`--alertmanager.url=${vedette.url}`, "alert", "query"]);
      expect(asked.code).not.toBe(0);
      const url = vedette.url.replace("://", "://anybody:vdt_read_local@");
      const silence = ["silence", "add", "a=b", "-c", "no", "-a", "x"];
      const made = await run("amtool", [`--alertmanager.url=${url}`, ...silence]);
      expect(made.code).not.toBe(0);
      expect(made.stderr).toContain("403");
    });
  },
);

interface Party {
  readonly options: readonly string[];
  /** What stands for a name in braces. */
  readonly known: Map<string, string>;
}

/** Debian's amtool is not of the release that this is; and that one has a refusal in other words. */
const OLDER =
  /Warning: amtool version \(\S+\) and alertmanager version \(0\.34\.0\) are different\.\n/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Runs one command; ids and times that are each server's own are replaced. */
async function said(party: Party, { args, makes, input }: Command): Promise<Ran> {
  const filled = args.map((a) => a.replace(/\{(\w+)\}/g, (_, n: string) => known(party, n)));
  const ran = await run("amtool", [...party.options, ...filled], input);
  const id = ran.stdout.match(UUID)?.[0];
  if (makes !== undefined && id !== undefined) party.known.set(makes, id);
  const now = Date.now();
  const neutral = (text: string): string =>
    text
      .replace(UUID, (uuid) => {
        if (uuid.startsWith("00000000")) return uuid;
        const name = [...party.known].find(([, id]) => id === uuid)?.[0];
        // An import makes several at once, in any order.
        return name === undefined ? "<some id>" : `<id of ${name}>`;
      })
      .replace(/"updatedAt":"[^"]*"/g, '"updatedAt":"<updated>"')
      .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)/g, (time) => {
        const minutes = Math.round((Date.parse(time.replace(" UTC", "Z")) - now) / 60_000);
        return Math.abs(minutes) < 600 ? `<in ${minutes} min>` : time;
      });
  const stderr = ran.stderr.replace(OLDER, "").replace("silence invalid:", "invalid silence:");
  return { code: ran.code, stdout: neutral(ran.stdout), stderr: neutral(stderr) };
}

function known(party: Party, name: string): string {
  const value = party.known.get(name);
  if (value === undefined) throw new Error(`no command made ${name}`);
  return value;
}

/** A webhook's address is a secret since 0.26; 0.25 shows what the file has. */
function withAddresses(shown: unknown, config: string): unknown {
  const given = parse(config) as { receivers: { name: string; webhook_configs: unknown }[] };
  const webhooks = new Map(given.receivers.map((r) => [r.name, r.webhook_configs]));
  const { receivers, ...rest } = shown as { receivers: { name: string }[] };
  return {
    ...rest,
    receivers: receivers.map((r) => ({ ...r, webhook_configs: webhooks.get(r.name) })),
  };
}

import { describe, expect, it } from "vitest";
import {
  PINGS_KEPT,
  aged,
  dueAt,
  firingSetOf,
  newHeartbeat,
  pinged,
  respecify,
  statusOf,
} from "../../src/heartbeats/heartbeat";
import { HeartbeatBody, HeartbeatFile, specOf } from "../../src/heartbeats/input";
import type { Heartbeat, HeartbeatSpec, Ping } from "../../src/heartbeats/model";

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 9, 24, 12);
const spec = (body: object): HeartbeatSpec =>
  specOf(HeartbeatBody.parse({ name: "backup", ...body }), "api");
const hourly = (more: object = {}): Heartbeat =>
  newHeartbeat(spec({ every: "1h", grace: "5m", ...more }), "k", T0);
const at = (minutes: number): number => T0 + minutes * MINUTE;
const ping = (minutes: number, kind: Ping["kind"] = "success", more: Partial<Ping> = {}): Ping => ({
  atMs: at(minutes),
  kind,
  ...more,
});

describe("a heartbeat", () => {
  it("is missed one grace after its ping was due, from its making on", () => {
    const h = hourly();
    expect(dueAt(h)).toBe(at(65));
    expect(statusOf(h, at(59))).toBe("new");
    expect(statusOf(h, at(60))).toBe("late");
    expect(aged(h, at(65) - 1)).toBe(h);
    const missed = aged(h, at(65));
    expect(missed).toMatchObject({ missing: { sinceMs: at(65), reason: "missed" }, untold: true });
    expect(statusOf(missed, at(65))).toBe("missing");
    // It is missed once.
    expect(dueAt(missed)).toBeUndefined();
    expect(aged(missed, at(600))).toBe(missed);
  });

  it("is well after a ping, and resolves by the next one", () => {
    const h = pinged(hourly(), ping(50));
    expect(dueAt(h)).toBe(at(115));
    expect(h.untold).toBe(false);
    expect(statusOf(h, at(51))).toBe("up");
    const back = pinged(aged(h, at(115)), ping(130));
    expect(back.missing).toBeUndefined();
    expect(back.untold).toBe(true);
    expect(dueAt(back)).toBe(at(195));
    expect(firingSetOf(back, 1, at(130), "").alerts).toEqual([]);
  });

  it("fires at once when the job says that it failed, with what it said, until it succeeds", () => {
    const failed = pinged(
      pinged(hourly(), ping(10)),
      ping(20, "fail", { exitCode: 3, note: "disk full" }),
    );
    const again = pinged(failed, ping(25, "fail"));
    expect(again.missing).toEqual({ sinceMs: at(20), reason: "failed" });
    // A start is no success.
    expect(pinged(again, ping(26, "start")).missing).toBeDefined();
    const { source, alerts } = firingSetOf(failed, 7, at(21), "https://v.example.com");
    expect(source).toBe("heartbeat/backup");
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      labels: { alertname: "HeartbeatMissing", heartbeat: "backup", severity: "critical" },
      startsAtMs: at(20),
      status: "firing",
    });
    expect(alerts[0]?.annotations["description"]).toContain("exit code 3: disk full");
    expect(pinged(again, ping(30)).missing).toBeUndefined();
  });

  it("knows how long a run took, and fires when one takes too long", () => {
    const running = pinged(hourly({ max_run: "10m" }), ping(62, "start"));
    expect(statusOf(running, at(63))).toBe("running");
    // The run began in time, so that its end counts, not the start's deadline.
    expect(dueAt(running)).toBe(at(72));
    expect(aged(running, at(72)).missing?.reason).toBe("overrun");
    const done = pinged(running, ping(70));
    expect(done.pings[0]).toMatchObject({ kind: "success", runMs: 8 * MINUTE });
    expect(dueAt(done)).toBe(at(70 + 65));
    // Without a limit a run does not postpone the deadline.
    expect(dueAt(pinged(hourly(), ping(62, "start")))).toBe(at(65));
  });

  it("is silent while it is paused, and expects from its resumption on", () => {
    const missed = aged(hourly(), at(65));
    const paused = respecify(missed, { ...missed.spec, paused: true }, at(66));
    expect(paused).toMatchObject({ untold: true });
    expect(paused.missing).toBeUndefined();
    expect(dueAt(paused)).toBeUndefined();
    expect(pinged(paused, ping(70, "fail")).missing).toBeUndefined();
    expect(dueAt(respecify(paused, { ...paused.spec, paused: false }, at(1_000)))).toBe(at(1_065));
  });

  it("keeps its alert where only labels change, and is told again", () => {
    const missed = { ...aged(hourly(), at(65)), untold: false };
    const other = respecify(missed, { ...missed.spec, labels: { team: "db" } }, at(66));
    expect(other).toMatchObject({ missing: missed.missing, untold: true });
    expect(firingSetOf(other, 1, at(66), "").alerts[0]?.labels).toMatchObject({ team: "db" });
  });

  it("remembers its last pings alone", () => {
    let h = hourly();
    for (let i = 0; i < PINGS_KEPT + 5; i++) h = pinged(h, ping(i));
    expect(h.pings).toHaveLength(PINGS_KEPT);
    expect(h.pings[0]?.atMs).toBe(at(PINGS_KEPT + 4));
  });

  it("is not set back by a clock that is", () => {
    const h = pinged(pinged(hourly(), ping(50)), ping(10));
    expect(h.lastSuccessMs).toBe(at(50));
  });
});

describe("a schedule by cron", () => {
  const nightly = (zone: string): Heartbeat =>
    newHeartbeat(spec({ cron: "30 2 * * *", time_zone: zone, grace: "10m" }), "k", T0);

  it("expects the next time in its zone", () => {
    expect(new Date(dueAt(nightly("UTC")) ?? 0).toISOString()).toBe("2026-10-25T02:40:00.000Z");
    expect(new Date(dueAt(nightly("Asia/Kolkata")) ?? 0).toISOString()).toBe(
      "2026-10-24T21:10:00.000Z",
    );
    const pingedOnce = pinged(nightly("UTC"), {
      atMs: Date.UTC(2026, 9, 25, 2, 31),
      kind: "success",
    });
    expect(new Date(dueAt(pingedOnce) ?? 0).toISOString()).toBe("2026-10-26T02:40:00.000Z");
  });

  it("goes on through the hour that a zone skips or repeats", () => {
    // Europe/Berlin repeats 02:30 on 2026-10-25 and skips it on 2027-03-28.
    let h = nightly("Europe/Berlin");
    const times: string[] = [];
    for (let i = 0; i < 3; i++) {
      const due = dueAt(h) ?? 0;
      times.push(new Date(due).toISOString());
      h = pinged(h, { atMs: due, kind: "success" });
    }
    expect(times[0]).toMatch(/^2026-10-25T0[01]:40/);
    expect(times.at(-1)).toMatch(/^2026-10-2[67]T01:40/);
    const spring = newHeartbeat(h.spec, "k", Date.UTC(2027, 2, 27, 12));
    expect(dueAt(spring)).toBeGreaterThan(Date.UTC(2027, 2, 28, 0));
    expect(dueAt(spring)).toBeLessThan(Date.UTC(2027, 2, 29, 1));
  });
});

describe("what is written of a heartbeat", () => {
  it.each([
    [{ name: "a" }, "has either every or cron"],
    [{ name: "a", every: "1h", cron: "* * * * *" }, "has either every or cron"],
    [{ name: "a", every: "1s" }, "must be a duration"],
    [{ name: "a", every: "2y" }, "must be a duration"],
    [{ name: "a", cron: "61 * * * *" }, "CronPattern"],
    [{ name: "a", cron: "* * * * * *" }, "five fields"],
    [{ name: "a", cron: "0 0 30 2 *" }, "never"],
    [{ name: "a", cron: "* * * * *", time_zone: "Mars/Base" }, "no time zone"],
    [{ name: "a b", every: "1h" }, "letters, digits"],
    [{ name: "a", every: "1h", labels: { "a-b": "c" } }, "Invalid key"],
    [{ name: "a", every: "1h", colour: "red" }, "colour"],
  ])("is refused where it is wrong: %j", (body, why) => {
    const parsed = HeartbeatBody.safeParse(body);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues[0]?.message).toContain(why);
  });

  it("is refused where a file names one twice", () => {
    const twice = {
      heartbeats: [
        { name: "a", every: "1h" },
        { name: "a", every: "2h" },
      ],
    };
    expect(HeartbeatFile.safeParse(twice).error?.issues[0]?.path).toEqual([
      "heartbeats",
      1,
      "name",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { firings } from "./virtual";

const alone = (rule: string): string => `alerts:\n  - ${rule.replaceAll("\n", "\n    ")}\n`;

describe("an event rule", () => {
  const few = alone("name: few\nevent: sign_up\ncondition: fewer than 5 in 1h");

  it("counts what came within the window, to the event", async () => {
    const many = alone("name: many\nevent: sign_up\nmore_than: 4\nin: 10m");
    // One a minute: five within 10 minutes from the fifth on, none of them extrapolated.
    const counter = { 'events_total{event="sign_up"}': "0+1x20 20x60" };
    expect(await firings(many, counter, 60)).toEqual({ many: "5m-26m" });
  });

  it("does not alarm before the first data", async () => {
    expect(await firings(few, { up: "1x300" }, 300)).toEqual({ few: "" });
  });

  it("waits until the window is known from its beginning", async () => {
    // Nobody could have had five sign-ups in an hour in the first minutes.
    const steady = { 'events_total{event="sign_up"}': "0+1x300" };
    expect(await firings(few, steady, 300)).toEqual({ few: "" });
    const slow = { 'events_total{event="sign_up"}': "0+0.05x300" };
    expect(await firings(few, slow, 300)).toEqual({ few: "60m-" });
  });

  it("alarms from the start where that is asked for, as absent counts as 0", async () => {
    const asked = alone("name: few\nevent: sign_up\nfewer_than: 5\nin: 1h\nfrom_start: true");
    expect(await firings(asked, { up: "1x120" }, 120)).toEqual({ few: "0m-" });
  });

  it("stands through a silence of days, and ends with the next events", async () => {
    // A counter is repeated for an hour after its last rise; then its series ends.
    const silent = { 'events_total{event="sign_up"}': "0+1x120 120x60 _x3000 120+1x200" };
    expect(await firings(few, silent, 3380)).toEqual({ few: "176m-3187m" });
  });

  it("tells services apart", async () => {
    const silent = alone("name: quiet\nlogs: { level: info }\nabsent_for: 10m\nby: service");
    const lines = {
      'log_lines_total{level="info",service="a"}': "0+5x120",
      'log_lines_total{level="info",service="b"}': "0+5x60 300x30 300+5x30",
    };
    expect(await firings(silent, lines, 120)).toEqual({ quiet: "70m-93m" });
  });

  it("knows the absence of an event by its count", async () => {
    const none = alone("name: none\nevent: backup_done\nabsent_for: 2h");
    const daily = { 'events_total{event="backup_done"}': "0x0 1x60 _x180 1 2x60" };
    expect(await firings(none, daily, 300)).toEqual({ none: "121m-243m" });
  });
});

describe("an absence rule", () => {
  const gone = alone("name: gone\nmetric: backup.size_bytes\nabsent_for: 30m\nby: [host]");

  it("fires for each series that was there and stays away, until it is back", async () => {
    const hosts = {
      'backup_size_bytes{host="a"}': "1x300",
      'backup_size_bytes{host="b"}': "1x60 _x180 1x60",
    };
    expect(await firings(gone, hosts, 300)).toEqual({ gone: "90m-241m" });
  });

  it("does not fire before the first data, unless asked", async () => {
    expect(await firings(gone, { up: "1x120" }, 120)).toEqual({ gone: "" });
    const asked = gone.replace("by: [host]", "from_start: true");
    expect(await firings(asked, { up: "1x120" }, 120)).toEqual({ gone: "0m-" });
  });
});

describe("a trend", () => {
  it("holds while the slope and the value are both over their limits", async () => {
    const leak = alone(
      'name: leak\nmetric: heap.used_mb\ncondition: value > 100MB\ntrend: "> 0.5MB per 1m over 30m"',
    );
    // Rises by 1 a minute to 160 and stays there: the slope over 30 minutes falls to a half after 15.
    expect(await firings(leak, { heap_used_mb: "60+1x100 160x100" }, 200)).toEqual({
      leak: "41m-115m",
    });
  });
});

describe("a number of times", () => {
  const busy = alone("name: busy\ncondition: jobs.count > 40");

  it("is a counter's rise, a histogram's, or what a gauge of the name says", async () => {
    expect(await firings(busy, { jobs_total: "1000+12x20 1240x40" }, 60)).toEqual({
      busy: "3m-22m",
    });
    const histogram = { jobs_count: "1000+12x20 1240x40", jobs_sum: "1x60" };
    expect(await firings(busy, histogram, 60)).toEqual({ busy: "3m-22m" });
    expect(await firings(busy, { jobs_count: "50x20 30x40" }, 60)).toEqual({ busy: "0m-21m" });
  });
});

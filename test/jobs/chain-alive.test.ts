import { expect, it } from "vitest";
import { type ChainFindings, judgeChain } from "../../src/jobs/chain-alive";

const NOW = 1_700_000_000_000;
const well: ChainFindings = {
  nowMs: NOW,
  routers: [{ project: "default", error: undefined }],
  groups: [
    { name: "a/fast", intervalMs: 1_000, lastEvaluationMs: NOW - 1_000, error: undefined },
    { name: "a/slow", intervalMs: 600_000, lastEvaluationMs: NOW - 599_000, error: undefined },
  ],
  receivers: [
    { id: "x/webhook/0", project: "default", state: "down" },
    { id: "x/slack/1", project: "default", state: "delivers" },
  ],
};

function reason(change: Partial<ChainFindings>): string {
  const v = judgeChain({ ...well, ...change });
  return v.alive ? "alive" : `${v.reason}: ${v.detail}`;
}

it("is alive while every router answers, rules are evaluated and somebody is told", () => {
  expect(reason({})).toBe("alive");
  expect(reason({ groups: [], receivers: [] })).toBe("alive");
});

it("names what ends it", () => {
  expect(reason({ routers: [{ project: "p", error: "hung" }] })).toBe(
    "router_silent: the router of p does not answer: hung",
  );
  const [fast, slow] = well.groups;
  if (fast === undefined || slow === undefined) throw new Error("two groups");
  const late = { ...fast, lastEvaluationMs: NOW - 63_001 };
  expect(reason({ groups: [late, slow] })).toBe(
    "rules_stale: 1 of 2 rule groups are not evaluated: a/fast",
  );
  expect(reason({ groups: [{ ...fast, error: "hung" }] })).toContain("rules_stale");
  expect(reason({ receivers: [{ id: "x", project: "p", state: "silent" }] })).toBe(
    "no_receiver_left: no receiver of p delivers: x is silent",
  );
  // One project that hears nothing is enough, whatever the others hear.
  expect(
    reason({
      receivers: [...well.receivers, { id: "y", project: "other", state: "down" }],
    }),
  ).toContain("no_receiver_left");
});

import { expect, it } from "vitest";
import {
  type Matcher,
  labelLines,
  matcherLines,
  readLabels,
  readMatchers,
} from "../../dashboards/app/src/matcher-lines";

it("reads again whatever matchers it wrote", () => {
  const matchers: readonly Matcher[] = [
    { name: "alertname", value: "Disk full", isRegex: false, isEqual: true },
    { name: "instance", value: 'db-\\d+\n"x" ', isRegex: true, isEqual: true },
    { name: "team", value: "", isRegex: false, isEqual: false },
    { name: 'a "strange"=name', value: "=~", isRegex: true, isEqual: false },
  ];
  expect(readMatchers(matcherLines(matchers))).toEqual({ ok: true, matchers });
});

it("reads what people write, and names the line that is none", () => {
  expect(readMatchers(' job = backup \n\nteam=~"a|b"')).toMatchObject({
    ok: true,
    matchers: [
      { name: "job", value: "backup" },
      { name: "team", value: "a|b", isRegex: true },
    ],
  });
  expect(readMatchers("job=x\nnothing")).toEqual({ ok: false, line: "nothing" });
});

it("takes labels alone where labels are asked for", () => {
  const labels = { team: "db", note: 'a "b"\nc' };
  expect(readLabels(labelLines(labels))).toEqual(labels);
  expect(readLabels('team=~"d.*"')).toBeUndefined();
  expect(readLabels("")).toEqual({});
});

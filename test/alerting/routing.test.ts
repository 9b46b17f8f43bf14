import { expect, it } from "vitest";
import { fingerprint, fnv64 } from "../../src/alerting/fingerprint";
import { parseMatcher, parseMatchers, renderMatcher } from "../../src/alerting/matcher-text";
import { goTime } from "../../src/alerting/notification-data";
import { groupKey, groupLabels, matchRoutes, matcherPredicate } from "../../src/alerting/routing";
import { parseRouterConfig } from "../../src/alerting/config-parse";

function slowFnv(bytes: Uint8Array): string {
  let h = 0xcbf29ce484222325n;
  for (const b of bytes) h = ((h ^ BigInt(b)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return h.toString(16).padStart(16, "0");
}

it("hashes as FNV-1a 64 does", () => {
  // Reference values of the algorithm's own page (isthe.com/chongo/tech/comp/fnv).
  expect(fnv64("")).toBe("cbf29ce484222325");
  expect(fnv64("a")).toBe("af63dc4c8601ec8c");
  expect(fnv64("foobar")).toBe("85944171f73967e8");
  for (let i = 0; i < 200; i++) {
    const text = "é✓x".repeat(i) + i;
    expect(fnv64(text)).toBe(slowFnv(new TextEncoder().encode(text)));
  }
});

it("gives Prometheus' fingerprint of a label set, whatever the order", () => {
  const bytes = [
    ...new TextEncoder().encode("alertname"),
    0xff,
    ...new TextEncoder().encode("X"),
    0xff,
  ];
  expect(fingerprint({ alertname: "X", empty: "" })).toBe(slowFnv(new Uint8Array(bytes)));
  expect(fingerprint({ b: "2", a: "1" })).toBe(fingerprint({ a: "1", b: "2" }));
});

it.each([
  ['severity="critical"', ['severity="critical"']],
  ["severity = critical", ['severity="critical"']],
  ['{a="b", c=~"d|e", f!=g,h!~"i"}', ['a="b"', 'c=~"d|e"', 'f!="g"', 'h!~"i"']],
  ['a="x,y",', ['a="x,y"']],
  [String.raw`a="q\"uote\\n\n"`, [String.raw`a="q\"uote\\n\n"`]],
  ['"weird name"=x', ['"weird name"="x"']],
  ["a=", ['a=""']],
  // What the newer grammar refuses is read by the older one.
  ['{a="b"', ['a="b"']],
  ["a=b c=d", ['a="b c=d"']],
  ["a==b", ['a="=b"']],
  ['a="\\d"', [String.raw`a="\\d"`]],
  [String.raw`a="\u00e9"`, [String.raw`a="\\u00e9"`]],
  ['"é\\t"=~"x"', ['"é\\t"=~"x"']],
  // Numbers of bytes make up runes, as in Go.
  [String.raw`"\xf0\x9f\x99\x82"="\303\251"`, ['🙂="é"']],
  [String.raw`"a b"="\U0001f642"`, ['"a b"="🙂"']],
  ["{}", []],
  ["", []],
  ["a=b,", ['a="b"']],
  ["a=b}", ['a="b"']],
  ["a=  ", ['a=""']],
  ['a = "b" \t', ['a="b"']],
])("reads the matcher %s", (text, expected) => {
  const r = parseMatchers(text);
  expect(r.ok && r.value.map(renderMatcher)).toEqual(expected);
});

it.each([
  String.raw`"a b"="\xff"`,
  String.raw`"a b"="\400"`,
  String.raw`"a b"="\'"`,
  String.raw`"a b"="\ud800"`,
  ",a=b",
])("refuses the matcher %s: it is none to either grammar", (text) => {
  expect(parseMatchers(text).ok).toBe(false);
});

it("takes no time for long runs of space", () => {
  expect(parseMatchers(`a=${" ".repeat(300_000)}b`).ok).toBe(true);
});

it.each(["{a=b}", "a=b}", '{a="b"', "{}"])("takes no brace round the single matcher %s", (text) => {
  expect(parseMatcher(text)).toEqual({
    ok: false,
    error: `unexpected open or close brace: ${text}`,
  });
});

it.each(["a", "=b", 'a="b', 'a=b"c', "a=b,,c=d", '{"a b"="c"', 'a=~"["', "é=b c"])(
  "refuses the matcher %s",
  (text) => {
    expect(parseMatchers(text).ok).toBe(false);
  },
);

const tree = parseRouterConfig(`
route:
  receiver: root
  group_by: [alertname]
  routes:
    - matchers: [ severity="critical" ]
      receiver: pager
      continue: true
    - matchers: [ team="db" ]
      receiver: db
      routes:
        - matchers: [ owner="me" ]
          receiver: me
    - matchers: [ severity="critical" ]
      receiver: never
receivers: [ { name: root }, { name: pager }, { name: db }, { name: me }, { name: never } ]
`);

it.each([
  [{ alertname: "A" }, ["root"]],
  [{ severity: "critical" }, ["pager", "never"]],
  [{ severity: "critical", team: "db" }, ["pager", "db"]],
  [{ team: "db", owner: "me" }, ["me"]],
])("routes %j", (labels, receivers) => {
  if (!tree.ok) throw new Error(tree.error.message);
  const { route } = tree.value;
  expect(matchRoutes(route, labels).map((r) => r.receiver)).toEqual(receivers);
});

it("makes Alertmanager's group key", () => {
  if (!tree.ok) throw new Error(tree.error.message);
  const labels = { alertname: "X", severity: "critical" };
  const [first] = matchRoutes(tree.value.route, labels);
  if (first === undefined) throw new Error("no route");
  expect(groupKey(first, groupLabels(first, labels))).toBe(
    '{}/{severity="critical"}:{alertname="X"}',
  );
});

it("prints times as Go does", () => {
  expect(goTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe("2026-01-02T03:04:05Z");
  expect(goTime(Date.UTC(2026, 0, 2, 3, 4, 10, 120))).toBe("2026-01-02T03:04:10.12Z");
});

it.each([
  ['msg=~"a.*"', "a\nb", false],
  ['msg=~"(?s)a.*"', "a\nb", true],
  ['msg=~"(?s:a.*)"', "a\nb", true],
  ['msg!~"a.*"', "a\nb", true],
  ['msg=~".+"', "\n", false],
  ['msg=~"a\\nb"', "a\nb", true],
  ['msg=~"a|b"', "a\nb", false],
  ['msg=~"a.*"', "a b", true],
])("%s of %j is %s: a dot is no line feed, as in Alertmanager", (text, msg, expected) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(matcherPredicate(parsed.value)({ msg })).toBe(expected);
});

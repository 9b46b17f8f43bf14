import { expect, it } from "vitest";
import type { EmailIntegration } from "../../src/alerting/config";
import { type EmailMessage, renderEmail } from "../../src/notify/email";
import { formatAddress, parseAddresses } from "../../src/notify/email-address";
import { bindingFailure, bindingMessage } from "../../src/notify/email-binding";
import { providerRequest } from "../../src/notify/email-provider";
import { LINKS, alert, data, message } from "./data";

const email: EmailIntegration = {
  type: "email",
  id: "ops/email/0",
  sendResolved: true,
  to: "Ops <ops@example.com>, second@example.com",
  headers: {},
};
const FROM = "Vedette <alerts@example.com>";
const evil = data([alert({ alertname: "X", instance: "<script>alert(1)</script>" })], {
  groupLabels: { alertname: "X\r\nBcc: victim@example.com\u2028Subject: other" },
});

function rendered(
  integration: Partial<EmailIntegration> = {},
  of = evil,
  extra: Parameters<typeof message>[1] = {},
): EmailMessage {
  const r = renderEmail(
    { ...email, ...integration },
    message(of, { links: LINKS, ...extra }),
    FROM,
  );
  if (!r.ok) throw new Error(r.error.message);
  return r.value;
}

it("writes a subject, an HTML part and a text part in which nothing of a label is markup or a header", () => {
  const m = rendered();
  expect(m.subject).toBe("[FIRING:1] X Bcc: victim@example.com Subject: other (critical)");
  expect(m.html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(m.html).not.toContain("<script");
  expect(m.html).toContain(`href="${LINKS.acknowledge}"`);
  expect(m.text).toContain("instance=<script>alert(1)</script>");
  expect(m.text).toContain(`Resolve: ${LINKS.resolve}`);
  expect(m.text).toContain("Sent because: first notification");
  expect(m.to).toEqual([
    { name: "Ops", email: "ops@example.com" },
    { name: "", email: "second@example.com" },
  ]);
});

it("keeps headers that may be set, each on one line, and makes one conversation of a group", () => {
  const m = rendered({
    headers: {
      subject: "{{ .Status }}: {{ .GroupLabels.alertname }}",
      "Reply-To": "team@example.com",
      Cc: "{{ .CommonLabels.severity }}@example.com",
      "X-Team": "a\r\nBcc: victim@example.com",
      "Content-Type": "text/evil",
      "Message-ID": "<1@x>",
      "X Broken: y\r\nZ": "q",
    },
  });
  expect(m.subject).toBe("firing: X Bcc: victim@example.com Subject: other");
  expect(m.replyTo?.email).toBe("team@example.com");
  expect(m.cc.map((a) => a.email)).toEqual(["critical@example.com"]);
  const root = `<group.${message(evil).groupHash.slice(0, 32)}@example.com>`;
  expect(m.headers).toEqual({
    "In-Reply-To": root,
    References: root,
    "Auto-Submitted": "auto-generated",
    "X-Vedette-Reason": "first notification",
    "X-Team": "a Bcc: victim@example.com",
  });
  for (const v of [m.subject, ...Object.entries(m.headers).flat()]) expect(v).not.toMatch(/[\r\n]/);
});

it("takes the receiver's own parts, HTML escaped as Go's html/template escapes it", () => {
  const m = rendered(
    {
      html: `<p>{{ .GroupLabels.alertname }}</p>{{ range .Alerts }}<a href="{{ .Annotations.link }}">{{ .Labels.instance | safeHtml }}</a>{{ end }}`,
      text: "{{ range .Alerts }}{{ .Labels.instance }}{{ end }}",
    },
    data([alert({ instance: "<b>" }, { annotations: { link: "javascript:alert(1)" } })], {
      groupLabels: { alertname: "a'\"&" },
    }),
  );
  expect(m.html?.split("\n")[0]).toBe(`<p>a&#39;&#34;&amp;</p><a href="#ZgotmplZ"><b></a>`);
  expect(m.html).toContain(`<a href="${LINKS.silence}"`);
  expect(m.text).toBe(
    `<b>\n\nAcknowledge: ${LINKS.acknowledge}\nSilence: ${LINKS.silence}\nResolve: ${LINKS.resolve}`,
  );
  expect(rendered({ html: "<body>x</body>" }).html).toMatch(/^<body>x<p .*<\/body>$/s);
  expect(rendered({ html: "" }).html).toBeUndefined();
  expect(rendered({ text: "" }).text).toBeUndefined();
  expect(rendered({ html: "", text: "" }).text).toBe("");
});

it("refuses by name what has nobody to send to, or from", () => {
  const r = renderEmail({ ...email, to: "nobody, a b@c, x@y\n" }, message(evil), FROM);
  expect(r.ok ? r.value.to : r.error.reason).toEqual([{ name: "", email: "x@y" }]);
  const none = renderEmail({ ...email, to: "{{ .Labels.none }}" }, message(evil), FROM);
  expect(none.ok ? "" : none.error.reason).toBe("no_recipient");
  const from = renderEmail(email, message(evil), undefined);
  expect(from.ok ? "" : from.error.reason).toBe("no_sender");
});

it("reads lists of addresses", () => {
  expect(
    parseAddresses(`"Doe, J. \\"x\\"" <j@example.com>, <k@example.com>,, l@example.com`),
  ).toEqual([
    { name: 'Doe, J. "x"', email: "j@example.com" },
    { name: "", email: "k@example.com" },
    { name: "", email: "l@example.com" },
  ]);
  expect(formatAddress({ name: 'Doe, "x"', email: "j@example.com" })).toBe(
    String.raw`"Doe, \"x\"" <j@example.com>`,
  );
  expect(parseAddresses("ü@example.com, a@b c, @x, y@")).toEqual([]);
});

const mail: EmailMessage = {
  from: { name: "Vedette", email: "alerts@example.com" },
  to: [{ name: "", email: "ops@example.com" }],
  cc: [{ name: "", email: "OPS@example.com" }],
  bcc: [],
  replyTo: undefined,
  subject: "s",
  headers: { "X-A": "1" },
  html: "<p>h</p>",
  text: "t",
};

it.each([
  [
    "resend",
    { authorization: "Bearer key", "idempotency-key": "id-1" },
    {
      from: `"Vedette" <alerts@example.com>`,
      to: ["ops@example.com"],
      subject: "s",
      html: "<p>h</p>",
      text: "t",
      headers: { "X-A": "1" },
    },
  ],
  [
    "postmark",
    { "x-postmark-server-token": "key" },
    {
      From: `"Vedette" <alerts@example.com>`,
      To: "ops@example.com",
      Subject: "s",
      HtmlBody: "<p>h</p>",
      TextBody: "t",
      Headers: [{ Name: "X-A", Value: "1" }],
    },
  ],
  [
    "sendgrid",
    { authorization: "Bearer key" },
    {
      personalizations: [{ to: [{ email: "ops@example.com" }] }],
      from: { email: "alerts@example.com", name: "Vedette" },
      content: [
        { type: "text/plain", value: "t" },
        { type: "text/html", value: "<p>h</p>" },
      ],
    },
  ],
  [
    "http",
    { authorization: "Bearer key", "idempotency-key": "id-1" },
    {
      from: { name: "Vedette", email: "alerts@example.com" },
      to: [{ name: "", email: "ops@example.com" }],
      subject: "s",
    },
  ],
] as const)("speaks the API of %s", (name, headers, body) => {
  const r = providerRequest({ name, apiKey: "key", url: "https://mail.example/x" }, mail, "id-1");
  expect(r.url).toBe("https://mail.example/x");
  expect(r.headers).toMatchObject(headers);
  expect(JSON.parse(r.body)).toMatchObject(body);
});

it("hands the binding one address once a field, and reads its errors", () => {
  expect(bindingMessage(mail)).toEqual({
    from: { name: "Vedette", email: "alerts@example.com" },
    to: ["ops@example.com"],
    cc: ["OPS@example.com"],
    subject: "s",
    html: "<p>h</p>",
    text: "t",
    headers: { "X-A": "1" },
  });
  const coded = (code: string): unknown => Object.assign(new Error("said"), { code });
  expect(bindingFailure(coded("E_SENDER_NOT_VERIFIED"))).toMatchObject({
    again: "never",
    error: "E_SENDER_NOT_VERIFIED: said",
  });
  expect(bindingFailure(coded("E_RATE_LIMIT_EXCEEDED"))).toMatchObject({ again: "later" });
  expect(bindingFailure(coded("E_HEADER_NOT_ALLOWED"))).toMatchObject({ again: "plain" });
  expect(bindingFailure(new Error("email to x@y not allowed"))).toMatchObject({ again: "never" });
  expect(bindingFailure(new Error("boom"))).toMatchObject({ again: "later" });
});

it("reads addresses in time whatever a label puts into them", () => {
  const began = performance.now();
  for (const text of [
    " ".repeat(50_000),
    '"'.repeat(50_000),
    '"' + '\\"'.repeat(50_000),
    "<".repeat(50_000),
    "<a ".repeat(50_000),
  ])
    for (const around of [`a${text}b`, `x@example.com,${text}`, `A${text}<x@example.com>`])
      parseAddresses(around.slice(0, 10_000));
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(parseAddresses(" Doe <x>  < j@example.com > , <k@example.com")).toEqual([
    { name: "Doe <x>", email: "j@example.com" },
  ]);
});

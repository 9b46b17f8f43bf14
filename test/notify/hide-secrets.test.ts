import { expect, it } from "vitest";
import type { Integration } from "../../src/alerting/config";
import { hideSecrets } from "../../src/notify/hide-secrets";

const BASE = { id: "r/x/0", sendResolved: true } as const;
const webhook: Integration = {
  ...BASE,
  type: "webhook",
  url: "https://example.com/hooks/0123456789abcdef01?key=fedcba9876543210&x=1",
  maxAlerts: 0,
  signingSecret: "sign-this",
  authorization: { kind: "basic", username: "me", password: "pass-word" },
  headers: [["X-Api-Key", "header-value"]],
};
const slack: Integration = {
  ...BASE,
  type: "slack",
  apiUrl: "https://hooks.slack.com/services/T000/B000/abcdefghijklmnopqrstuvwx",
  appToken: "xoxb-1-2-3",
  title: "a title that is shown",
};
const telegram: Integration = {
  ...BASE,
  type: "telegram",
  apiUrl: "https://api.telegram.org",
  botToken: "123456:ABCDEF",
  chatId: 1,
  disableNotifications: false,
  parseMode: "",
};
const email: Integration = {
  ...BASE,
  type: "email",
  to: "a@example.com",
  headers: { Subject: "A subject of the mail" },
};

// httpbin and its like answer with what they were sent.
it.each([
  [
    webhook,
    [
      "0123456789abcdef01",
      "fedcba9876543210",
      "sign-this",
      "pass-word",
      "header-value",
      btoa("me:pass-word"),
    ],
  ],
  [slack, ["abcdefghijklmnopqrstuvwx", "xoxb-1-2-3"]],
  [telegram, ["123456:ABCDEF"]],
  [email, ["key-of-the-provider"]],
] as const)("takes what $type keeps secret out of an answer", (integration, secrets) => {
  for (const secret of secrets) {
    const echo = `{"headers":{"x":"a ${secret} b"},"url":"https:\\/\\/x\\/${secret}"}`;
    const shown = hideSecrets(echo, integration, ["key-of-the-provider"]);
    expect(shown).not.toContain(secret);
    expect(shown).toContain("<secret>");
  }
  const plain =
    "invalid_payload: a title that is shown, A subject of the mail, example.com/hooks, a@example.com";
  expect(hideSecrets(plain, integration, ["key-of-the-provider"])).toBe(plain);
});

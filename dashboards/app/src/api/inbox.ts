type StringMap = Readonly<Record<string, string>>;

/** One notification as the built-in receiver keeps it; `data` is Alertmanager's webhook body. */
export interface InboxMessage {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly receiver: string;
  readonly groupKey: string;
  readonly status: "firing" | "resolved";
  readonly reason: string;
  readonly data: {
    readonly groupLabels: StringMap;
    readonly commonLabels: StringMap;
    readonly alerts: readonly {
      readonly fingerprint: string;
      readonly status: "firing" | "resolved";
      readonly labels: StringMap;
      readonly annotations: StringMap;
    }[];
  };
}

/** GET /api/v1/receiver/inbox, newest first. */
export interface Inbox {
  readonly messages: readonly InboxMessage[];
}

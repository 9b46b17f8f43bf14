import { getText, send } from "./client";

export interface BackTestAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly pending_at: string;
  readonly fired_at: string | null;
  readonly ended_at: string | null;
  readonly held_until: string | null;
  readonly value: number | null;
}

export interface BackTestRule {
  readonly alert: string;
  readonly expr: string;
  readonly evaluations: number;
  readonly failures: number;
  readonly last_error: string;
  readonly ran_since: string | null;
  readonly fired: number;
  readonly only_pending: number;
  readonly alerts: readonly BackTestAlert[];
}

/** POST /api/v1/rules/backtest */
export interface BackTest {
  readonly from: string;
  readonly to: string;
  readonly groups: readonly { readonly name: string; readonly rules: readonly BackTestRule[] }[];
  readonly notifications: {
    readonly count: number;
    readonly by_receiver: Readonly<Record<string, number>>;
    readonly messages: readonly {
      readonly at: string;
      readonly receiver: string;
      readonly integration: string;
      readonly group_key: string;
      readonly status: string;
      readonly reason: string;
      readonly firing: number;
      readonly resolved: number;
    }[];
  };
}

export async function backTest(rules: string, from: string, namespace: string): Promise<BackTest> {
  const query = new URLSearchParams({ from, namespace });
  const answer = await send<BackTest>(
    "POST",
    `/api/v1/rules/backtest?${query.toString()}`,
    rules,
    "application/yaml",
  );
  if (answer === undefined) throw new Error("the back-test gave no answer");
  return answer;
}

/** A stored group as YAML. */
export function readGroup(namespace: string, group: string): Promise<string> {
  return getText(`/config/v1/rules/${encodeURIComponent(namespace)}/${encodeURIComponent(group)}`);
}

/** Stores one group of rules under a namespace. */
export async function saveGroup(namespace: string, yaml: string): Promise<void> {
  await send("POST", `/config/v1/rules/${encodeURIComponent(namespace)}`, yaml, "application/yaml");
}

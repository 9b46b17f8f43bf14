import { Badge, Code, Group, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AppLink } from "../components/app-link";
import { getJson } from "../api/client";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatSeconds } from "../format";

interface Rule {
  readonly type: "alerting" | "recording";
  readonly name: string;
  readonly query: string;
  readonly state?: "inactive" | "pending" | "firing" | "unknown";
  /** Seconds. */
  readonly duration?: number;
  /** Seconds. */
  readonly cooldown?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError?: string;
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}

interface RuleGroup {
  readonly name: string;
  readonly file: string;
  /** Seconds. */
  readonly interval: number;
  readonly lastEvaluation: string;
  readonly rules: readonly Rule[];
}

const STATE_COLOR: Readonly<Record<string, string>> = {
  firing: "red",
  pending: "yellow",
  inactive: "teal",
};

/** Rules in force, by group, with their state and health. */
export function RulesPage(): ReactNode {
  const rules = useQuery({
    queryKey: ["rules"],
    queryFn: ({ signal }) =>
      getJson<{ readonly data: { readonly groups: readonly RuleGroup[] } }>(
        "/api/v1/rules",
        signal,
      ),
    refetchInterval: 3_000,
  });
  return (
    <>
      <PageHeader title="Rules">
        <AppLink to="/rules/backtest" fz="sm">
          Back-test a rule
        </AppLink>
      </PageHeader>
      <QueryState query={rules}>
        {({ data: { groups } }) =>
          groups.length === 0 ? (
            <Panel title="No rules yet">
              <Empty
                title="Rules are files in Prometheus' format"
                command={`curl -sS ${location.origin}/config/v1/rules/demo -H 'Authorization: Bearer vdt_admin_local' -H 'Content-Type: application/yaml' \\\n  --data-binary '{name: queue, interval: 5s, rules: [{alert: QueueDeep, expr: demo_queue_depth > 10, labels: {severity: warning}}]}'`}
              >
                Post one group, or put a whole rule file with npm run apply -- DIR.
              </Empty>
            </Panel>
          ) : (
            groups.map((g) => <GroupPanel key={`${g.file}/${g.name}`} group={g} />)
          )
        }
      </QueryState>
    </>
  );
}

function GroupPanel({ group }: { readonly group: RuleGroup }): ReactNode {
  return (
    <Panel
      title={group.name}
      note={`${group.file} · every ${formatSeconds(group.interval)}`}
      mb="sm"
      actions={
        group.rules.some((r) => r.type === "alerting") && (
          <AppLink
            to="/rules/backtest"
            search={{ namespace: group.file, group: group.name }}
            fz="xs"
            title="What the group would have done over a past range, and what it did"
          >
            Back-test
          </AppLink>
        )
      }
    >
      <Table.ScrollContainer minWidth={640} type="native" className="vd-stack">
        <Table aria-label={`Rules of ${group.name}`}>
          <Table.Tbody>
            {group.rules.map((r) => (
              <Table.Tr key={`${r.name}/${r.query}`}>
                <Table.Td w={100}>
                  <Badge
                    size="sm"
                    color={r.type === "recording" ? "gray" : (STATE_COLOR[r.state ?? ""] ?? "gray")}
                    variant={r.state === "firing" ? "filled" : "light"}
                  >
                    {r.type === "recording" ? "record" : (r.state ?? "unknown")}
                  </Badge>
                </Table.Td>
                <Table.Td className="vd-grow">
                  <Group gap={8}>
                    <Text fz="sm" fw={600}>
                      {r.name}
                    </Text>
                    {(r.duration ?? 0) > 0 && (
                      <Text fz="xs" c="dimmed">
                        for {formatSeconds(r.duration ?? 0)}
                      </Text>
                    )}
                    {r.cooldown !== undefined && (
                      <Text fz="xs" c="dimmed">
                        cooldown {formatSeconds(r.cooldown)}
                      </Text>
                    )}
                    {r.health === "err" && (
                      <Badge color="red" size="xs">
                        err
                      </Badge>
                    )}
                  </Group>
                  <AppLink
                    to="/explore"
                    search={{ q: r.query }}
                    underline="never"
                    title="Open in Metrics"
                  >
                    <Code fz="xs" className="vd-wrap">
                      {r.query}
                    </Code>
                  </AppLink>
                  {r.lastError !== undefined && r.lastError !== "" && (
                    <Text fz="xs" c="red.5" className="vd-wrap" role="alert">
                      {r.lastError}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td miw={150}>
                  <Labels labels={r.labels ?? {}} />
                </Table.Td>
                <Table.Td w={90} ta="right">
                  <Text fz="xs" c="dimmed" component="div">
                    {Date.parse(r.lastEvaluation) > 0 ? (
                      <Ago ms={Date.parse(r.lastEvaluation)} />
                    ) : (
                      "not evaluated yet"
                    )}
                  </Text>
                  <Text fz="xs" c="dimmed" component="div" className="vd-num">
                    in {formatSeconds(r.evaluationTime)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

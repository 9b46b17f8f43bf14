import {
  Badge,
  Button,
  Code,
  Group,
  Select,
  Table,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import {
  type BackTest,
  type BackTestAlert,
  type BackTestRule,
  backTest,
  readGroup,
  saveGroup,
} from "../api/backtest";
import { Empty } from "../components/empty";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { ErrorNote, QueryState } from "../components/query-state";
import { counted, formatSpan, formatTime } from "../format";

const EXAMPLE = `name: queue
interval: 15s
rules:
  - alert: QueueDeep
    expr: demo_queue_depth > 10
    for: 1m
    labels: { severity: warning }
`;

const RANGES = [
  { value: "-1h", label: "last hour" },
  { value: "-6h", label: "last 6 hours" },
  { value: "-24h", label: "last 24 hours" },
  { value: "-7d", label: "last 7 days" },
];

/** Rules shown, each course a row of its own. */
const SHOWN = 200;

const route = getRouteApi("/inside/rules/backtest");

/** What rules would have done, before they are saved. The group that the address names is there to begin with. */
export function BackTestPage(): ReactNode {
  const { namespace, group } = route.useSearch();
  return (
    <>
      <PageHeader title="Back-test" />
      {namespace === undefined || group === undefined ? (
        <Tested text={EXAMPLE} of="app" />
      ) : (
        <StoredGroup key={`${namespace}/${group}`} namespace={namespace} group={group} />
      )}
    </>
  );
}

function StoredGroup({
  namespace,
  group,
}: {
  readonly namespace: string;
  readonly group: string;
}): ReactNode {
  const stored = useQuery({
    queryKey: ["rule-group", namespace, group],
    queryFn: () => readGroup(namespace, group),
    // What is being edited stays, whatever is stored meanwhile.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return <QueryState query={stored}>{(yaml) => <Tested text={yaml} of={namespace} />}</QueryState>;
}

function Tested({
  text: first,
  of,
}: {
  readonly text: string;
  /** The namespace. */
  readonly of: string;
}): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [text, setText] = useState(first);
  const [range, setRange] = useState("-6h");
  const [namespace, setNamespace] = useState(of);
  const run = useMutation({ mutationFn: () => backTest(text, range, namespace) });
  const save = useMutation({
    mutationFn: () => saveGroup(namespace, text),
    onSuccess: () =>
      notifications.show({ color: "teal", title: "Saved", message: `in namespace ${namespace}` }),
    onError: (e) =>
      notifications.show({
        color: "red",
        title: "Not saved",
        message: `${e.message}. What is saved is one group: its name and its rules.`,
      }),
  });
  return (
    <>
      <Panel
        title="Rules"
        note="a rule, a group or a whole file: evaluated over the past, nothing is stored"
        mb="sm"
      >
        <Textarea
          m="sm"
          autosize
          minRows={8}
          maxRows={24}
          aria-label="Rules as YAML"
          ff="monospace"
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          spellCheck={false}
        />
        <Group px="sm" pb="sm" gap="xs" align="flex-end">
          <Select
            size="xs"
            label="Over the"
            data={RANGES}
            value={range}
            allowDeselect={false}
            onChange={(v) => setRange(v ?? "-6h")}
            w={150}
          />
          <TextInput
            size="xs"
            label="Namespace"
            value={namespace}
            onChange={(e) => setNamespace(e.currentTarget.value)}
            w={150}
          />
          <Button size="xs" loading={run.isPending} onClick={() => run.mutate()}>
            Run
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={!session.admin || namespace === ""}
            title={session.admin ? undefined : "Needs a token of scope admin"}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            Save the group
          </Button>
        </Group>
      </Panel>
      {run.isError && <ErrorNote error={run.error} />}
      {run.data !== undefined && <Answer answer={run.data} />}
    </>
  );
}

function Answer({ answer }: { readonly answer: BackTest }): ReactNode {
  const span = { fromMs: Date.parse(answer.from), toMs: Date.parse(answer.to) };
  const { count, by_receiver } = answer.notifications;
  const each = Object.entries(by_receiver).map(([name, n]) => `${n} to ${name}`);
  return (
    <>
      {answer.groups.flatMap((g) =>
        g.rules.map((r) => (
          <RulePanel key={`${g.name}/${r.alert}/${r.expr}`} rule={r} span={span} />
        )),
      )}
      <Panel
        title={counted(count, "message")}
        note={each.length === 0 ? "nobody would have been told" : each.join(", ")}
        mb="sm"
      >
        {count > 0 && <Messages messages={answer.notifications.messages} count={count} />}
      </Panel>
    </>
  );
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

function RulePanel({
  rule,
  span,
}: {
  readonly rule: BackTestRule;
  readonly span: Span;
}): ReactNode {
  const told =
    rule.ran_since === null
      ? counted(rule.evaluations, "evaluation")
      : `ran since ${formatTime(Date.parse(rule.ran_since))}: this is what happened`;
  return (
    <Panel
      title={rule.alert}
      note={`fired ${rule.fired}×, only pending ${rule.only_pending}× · ${told}`}
      mb="sm"
      data-testid="backtest-rule"
    >
      <Text px="sm" pb={4}>
        <Code fz="xs" className="vd-wrap">
          {rule.expr}
        </Code>
      </Text>
      {rule.failures > 0 && (
        <Text px="sm" fz="xs" c="red.5" className="vd-wrap" role="alert">
          {counted(rule.failures, "evaluation")} failed: {rule.last_error}
        </Text>
      )}
      {rule.alerts.length === 0 ? (
        <Empty title="It would not have been heard" />
      ) : (
        <Courses alerts={rule.alerts} span={span} />
      )}
    </Panel>
  );
}

function Courses({
  alerts,
  span,
}: {
  readonly alerts: readonly BackTestAlert[];
  readonly span: Span;
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={720} type="native" className="vd-stack">
      <Table aria-label="Alerts">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Labels</Table.Th>
            <Table.Th w={170}>Pending</Table.Th>
            <Table.Th w={170}>Fired</Table.Th>
            <Table.Th w={120}>For</Table.Th>
            <Table.Th w={240}>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {alerts.slice(0, SHOWN).map((a) => (
            <Table.Tr key={`${JSON.stringify(a.labels)}${a.pending_at}`}>
              <Table.Td>
                <Labels labels={a.labels} without={["alertname"]} />
              </Table.Td>
              <Table.Td fz="xs" className="vd-num" data-label="pending">
                {formatTime(Date.parse(a.pending_at))}
              </Table.Td>
              <Table.Td fz="xs" className="vd-num" data-label="fired">
                {a.fired_at === null ? (
                  <Badge size="sm" color="yellow" variant="light">
                    only pending
                  </Badge>
                ) : (
                  formatTime(Date.parse(a.fired_at))
                )}
                {a.held_until !== null && (
                  <Text fz="xs" c="dimmed">
                    cooldown until {formatTime(Date.parse(a.held_until))}
                  </Text>
                )}
              </Table.Td>
              <Table.Td fz="xs" className="vd-num" data-label="for">
                {lengthOf(a, span)}
              </Table.Td>
              <Table.Td className="vd-grow">
                <Bar alert={a} span={span} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {alerts.length > SHOWN && (
        <Text p="sm" fz="xs" c="dimmed">
          the first {SHOWN} of {alerts.length}
        </Text>
      )}
    </Table.ScrollContainer>
  );
}

function lengthOf(a: BackTestAlert, span: Span): string {
  const end = a.ended_at === null ? span.toMs : Date.parse(a.ended_at);
  return `${formatSpan(end - Date.parse(a.fired_at ?? a.pending_at))}${a.ended_at === null ? ", still" : ""}`;
}

/** What the eye still finds, per cent of the range. */
const SEEN = 1.5;

/** Where in the range it was pending and fired. */
function Bar({ alert, span }: { readonly alert: BackTestAlert; readonly span: Span }): ReactNode {
  const at = (ms: number): number =>
    Math.min(100, Math.max(0, (100 * (ms - span.fromMs)) / (span.toMs - span.fromMs)));
  const end = at(alert.ended_at === null ? span.toMs : Date.parse(alert.ended_at));
  const pending = at(Date.parse(alert.pending_at));
  const fired = alert.fired_at === null ? end : at(Date.parse(alert.fired_at));
  return (
    <svg width="100%" height="14" role="img" aria-label="its place in the range">
      <rect width="100%" y="6" height="2" fill="var(--mantine-color-default-border)" />
      <rect
        x={`${Math.min(pending, 100 - SEEN)}%`}
        width={`${fired > pending ? Math.max(SEEN, fired - pending) : 0}%`}
        y="3"
        height="8"
        fill="var(--mantine-color-yellow-5)"
      />
      {alert.fired_at !== null && (
        <rect
          x={`${Math.min(fired, 100 - SEEN)}%`}
          width={`${Math.max(SEEN, end - fired)}%`}
          y="1"
          height="12"
          fill="var(--mantine-color-red-6)"
        />
      )}
    </svg>
  );
}

function Messages({
  messages,
  count,
}: {
  readonly count: number;
  readonly messages: BackTest["notifications"]["messages"];
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={560} type="native" className="vd-stack">
      <Table aria-label="Messages">
        <Table.Tbody>
          {messages.slice(0, SHOWN).map((m) => (
            <Table.Tr key={`${m.at}${m.integration}${m.group_key}`}>
              <Table.Td w={180} fz="xs" className="vd-num">
                {formatTime(Date.parse(m.at))}
              </Table.Td>
              <Table.Td w={200} fz="xs" ff="monospace">
                {m.integration}
              </Table.Td>
              <Table.Td fz="xs" ff="monospace" c="dimmed">
                {m.reason}
              </Table.Td>
              <Table.Td w={150} fz="xs" ta="right">
                {m.firing > 0 && `${m.firing} firing `}
                {m.resolved > 0 && `${m.resolved} resolved`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {count > SHOWN && (
        <Text p="sm" fz="xs" c="dimmed">
          the first {SHOWN} of {count}
        </Text>
      )}
    </Table.ScrollContainer>
  );
}

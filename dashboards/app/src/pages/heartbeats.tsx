import { Badge, Box, Button, Code, Group, Table, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Heartbeat, listHeartbeats, removeHeartbeat } from "../api/heartbeats";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { HeartbeatDialog } from "../components/heartbeat-dialog";
import { HeartbeatKeyDialog } from "../components/heartbeat-key";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatTime } from "../format";

const STATUS_COLOR: Readonly<Record<string, string>> = {
  up: "teal",
  running: "blue",
  late: "yellow",
  missing: "red",
};

/** Jobs that say that they are alive; one that stays silent raises an alert. */
export function HeartbeatsPage(): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [making, setMaking] = useState<"new" | Heartbeat>();
  const [rekeyed, setRekeyed] = useState<string>();
  const heartbeats = useQuery({
    queryKey: ["heartbeats"],
    queryFn: ({ signal }) => listHeartbeats(signal),
    refetchInterval: 5_000,
  });
  return (
    <>
      <PageHeader title="Heartbeats">
        {session.admin && (
          <Button size="xs" variant="default" onClick={() => setMaking("new")}>
            New heartbeat
          </Button>
        )}
      </PageHeader>
      {making !== undefined && (
        <HeartbeatDialog
          former={making === "new" ? undefined : making}
          onClose={() => setMaking(undefined)}
        />
      )}
      {rekeyed !== undefined && (
        <HeartbeatKeyDialog name={rekeyed} onClose={() => setRekeyed(undefined)} />
      )}
      <Panel title="Jobs" note="pinged by the job itself; silence is an alert">
        <QueryState query={heartbeats}>
          {(list) =>
            list.length === 0 ? (
              <Empty title="No heartbeat yet">
                Make one, and have your cron job call its address when it has succeeded.
              </Empty>
            ) : (
              <Table.ScrollContainer minWidth={720} type="native" className="vd-stack">
                <Table aria-label="Heartbeats">
                  <Table.Tbody>
                    {list.map((h) => (
                      <HeartbeatRow
                        key={h.name}
                        heartbeat={h}
                        admin={session.admin}
                        onEdit={() => setMaking(h)}
                        onRekey={() => setRekeyed(h.name)}
                      />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )
          }
        </QueryState>
      </Panel>
    </>
  );
}

function HeartbeatRow({
  heartbeat: h,
  admin,
  onEdit,
  onRekey,
}: {
  readonly heartbeat: Heartbeat;
  readonly admin: boolean;
  readonly onEdit: () => void;
  readonly onRekey: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeHeartbeat(h.name),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["heartbeats"] }),
    onError: (e) => notifications.show({ color: "red", title: "Not removed", message: e.message }),
  });
  const schedule =
    h.cron === undefined ? `every ${h.every ?? ""}` : `${h.cron} ${h.time_zone ?? ""}`;
  return (
    <Table.Tr data-testid="heartbeat">
      <Table.Td w={100}>
        <Badge
          size="sm"
          color={STATUS_COLOR[h.status] ?? "gray"}
          variant={h.missing === null ? "light" : "filled"}
        >
          {h.status}
        </Badge>
      </Table.Td>
      <Table.Td className="vd-grow">
        <Text fz="sm" fw={600} className="vd-wrap">
          {h.name}
        </Text>
        <Text fz="xs" c="dimmed">
          {schedule}, {h.grace} late at most
          {h.max_run !== undefined && `, runs for ${h.max_run} at most`}, {h.severity}
        </Text>
        {Object.keys(h.labels).length > 0 && (
          <Box my={3}>
            <Labels labels={h.labels} />
          </Box>
        )}
        {h.ping_url !== undefined && (
          <Code fz="xs" className="vd-wrap">
            curl -fsS {h.ping_url}
          </Code>
        )}
      </Table.Td>
      <Table.Td w={150}>
        <Pings pings={h.pings} />
      </Table.Td>
      <Table.Td w={170} fz="xs">
        {h.last_success_ms === null ? "never pinged" : <Ago ms={h.last_success_ms} />}
        <Text fz="xs" c="dimmed" component="div">
          {h.missing !== null
            ? `${h.missing.reason.replaceAll("_", " ")} since ${formatTime(h.missing.since_ms)}`
            : h.expected_ms !== null && `next ${formatTime(h.expected_ms)}`}
        </Text>
      </Table.Td>
      {admin && (
        <Table.Td w={200}>
          <Group gap={6} justify="flex-end" wrap="nowrap">
            <Button size="compact-xs" variant="default" onClick={onEdit}>
              Edit
            </Button>
            <Button size="compact-xs" variant="default" onClick={onRekey}>
              New key
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              loading={remove.isPending}
              onClick={() => window.confirm(`Remove ${h.name}?`) && remove.mutate()}
            >
              Remove
            </Button>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}

/** The last pings, the newest at the right. */
function Pings({ pings }: { readonly pings: Heartbeat["pings"] }): ReactNode {
  const shown = pings.toSorted((a, b) => a.at_ms - b.at_ms).slice(-20);
  const told = shown.map(
    (p) =>
      `${formatTime(p.at_ms)} ${p.kind}${p.exit_code === null ? "" : ` ${p.exit_code}`}${p.note === null ? "" : `: ${p.note.slice(0, 80)}`}`,
  );
  if (shown.length === 0) return null;
  return (
    <Tooltip label={told.slice(-8).join("\n")} multiline style={{ whiteSpace: "pre-line" }}>
      <svg width="120" height="16" role="img" aria-label={`${shown.length} last pings`}>
        {shown.map((p, i) => (
          <rect
            key={`${p.at_ms}-${i}`}
            x={i * 6}
            y={2}
            width={4}
            height={12}
            fill={`var(--mantine-color-${p.kind === "fail" ? "red-6" : p.kind === "start" ? "blue-5" : "teal-6"})`}
          />
        ))}
      </svg>
    </Tooltip>
  );
}

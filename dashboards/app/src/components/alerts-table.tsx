import { Anchor, Badge, Button, Group, Table, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { AppLink } from "./app-link";
import type { LiveAlert } from "../../../../src/core/live";
import { send } from "../api/client";
import { formatNumber } from "../format";
import { severityColor } from "../theme";
import { Ago } from "./ago";
import { Labels } from "./labels";
import { SilenceDialog } from "./silence-dialog";

/** Firing and suppressed alerts with who has taken them. */
export function AlertsTable({
  alerts,
  compact = false,
}: {
  readonly alerts: readonly LiveAlert[];
  readonly compact?: boolean;
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={compact ? 460 : 640} type="native" className="vd-stack">
      <Table highlightOnHover aria-label="Active alerts">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={112}>Severity</Table.Th>
            <Table.Th>Alert</Table.Th>
            <Table.Th w={80} ta="right">
              Value
            </Table.Th>
            <Table.Th w={80}>Since</Table.Th>
            <Table.Th w={compact ? 130 : 190} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {alerts.map((a) => (
            <AlertRow key={a.fingerprint} alert={a} compact={compact} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const HELD = { silence: "silenced", maintenance: "in maintenance", inhibition: "inhibited" };

function AlertRow({
  alert,
  compact,
}: {
  readonly alert: LiveAlert;
  readonly compact: boolean;
}): ReactNode {
  const severity = alert.labels["severity"];
  const summary = alert.annotations["summary"] ?? alert.annotations["description"];
  const runbook = alert.annotations["runbook_url"] ?? "";
  return (
    <Table.Tr data-testid="alert-row" data-fingerprint={alert.fingerprint}>
      <Table.Td>
        <Badge
          color={severityColor(severity)}
          variant={alert.status === "firing" ? "filled" : "outline"}
          size="sm"
        >
          {severity ?? "none"}
        </Badge>
      </Table.Td>
      <Table.Td maw={compact ? 420 : undefined} className="vd-grow">
        <Text fz="sm" fw={600} className="vd-wrap">
          {alert.labels["alertname"] ?? "alert"}
          {alert.status === "suppressed" && (
            <Badge ml={6} size="xs" color="gray" variant="outline">
              {HELD[alert.heldBy ?? "silence"]}
            </Badge>
          )}
        </Text>
        {summary !== undefined && (
          <Text fz="xs" c="dimmed" lineClamp={2} className="vd-wrap">
            {summary}
          </Text>
        )}
        <Labels labels={alert.labels} without={["alertname", "severity"]} />
        {/^https?:\/\//.test(runbook) && (
          <Anchor href={runbook} target="_blank" rel="noreferrer" fz="xs">
            Runbook
          </Anchor>
        )}
      </Table.Td>
      <Table.Td ta="right" className="vd-num" data-label="value">
        {formatNumber(alert.value)}
      </Table.Td>
      <Table.Td data-label="since">
        <Ago ms={alert.startsAtMs} suffix="" />
      </Table.Td>
      <Table.Td ta="right">
        {alert.incidentId !== undefined && (
          <AppLink to="/incidents/$id" params={{ id: alert.incidentId }} fz="xs" mr={8}>
            Incident
          </AppLink>
        )}
        <Group gap={6} justify="flex-end" wrap="nowrap">
          {!compact && <Silence alert={alert} />}
          <Acknowledge alert={alert} />
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Acknowledge({ alert }: { readonly alert: LiveAlert }): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const queries = useQueryClient();
  const acknowledge = useMutation({
    mutationFn: () => send("POST", `/api/v1/alerts/${encodeURIComponent(alert.fingerprint)}/ack`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["alerts"] }),
    onError: (e) =>
      notifications.show({ color: "red", title: "Not acknowledged", message: e.message }),
  });
  const by = alert.acknowledgedBy ?? (acknowledge.isSuccess ? session.name : undefined);
  if (by !== undefined) {
    return (
      <Tooltip label={`Acknowledged by ${by}`}>
        <Text fz="xs" c="dimmed" component="span" truncate>
          ✓ {by}
        </Text>
      </Tooltip>
    );
  }
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={acknowledge.isPending}
      disabled={!session.admin}
      title={session.admin ? undefined : "Needs a token of scope admin"}
      onClick={() => acknowledge.mutate()}
    >
      Acknowledge
    </Button>
  );
}

function Silence({ alert }: { readonly alert: LiveAlert }): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [open, setOpen] = useState(false);
  if (!session.admin || alert.heldBy === "silence") return null;
  return (
    <>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setOpen(true)}>
        Silence
      </Button>
      {open && <SilenceDialog alert={alert} onClose={() => setOpen(false)} />}
    </>
  );
}

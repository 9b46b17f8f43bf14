import { Alert, Box, Grid, ScrollArea, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useDashboard } from "../api/dashboard";
import { ActivityFeed } from "../components/activity-feed";
import { AlertsTable } from "../components/alerts-table";
import { Empty } from "../components/empty";
import { FigureCard } from "../components/figure-card";
import { LogTail } from "../components/log-tail";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { formatTime } from "../format";
import { useLive } from "../live/store";

const FIGURES = [
  "requestRate",
  "errorRate",
  "p95Seconds",
  "activeUsers",
  "eventsPerMinute",
] as const;
const HALF = 300;

/** The project right now. */
export function MonitoringPage(): ReactNode {
  const dashboard = useDashboard();
  const problem = useLive((v) => v.problem);
  const atMs = useLive((v) => v.figuresAtMs);
  return (
    <>
      <PageHeader
        title="Monitoring"
        note={atMs === 0 ? undefined : <span className="vd-num">{formatTime(atMs)}</span>}
      />
      {problem !== undefined && (
        <Alert
          color="yellow"
          variant="outline"
          mb="sm"
          p="xs"
          title="Some figures cannot be told"
          role="status"
        >
          <span className="vd-wrap">{problem}</span>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" mb="sm">
        {FIGURES.map((f) => (
          <FigureCard
            key={f}
            figure={f}
            threshold={dashboard.data?.figures[f].threshold ?? undefined}
            expr={dashboard.data?.figures[f].expr ?? undefined}
          />
        ))}
      </SimpleGrid>
      <Grid gap="sm">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <FiringAlerts />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <ActivityFeed height={HALF} />
        </Grid.Col>
        <Grid.Col span={12}>
          <LogTail height={HALF} />
        </Grid.Col>
      </Grid>
    </>
  );
}

function FiringAlerts(): ReactNode {
  const alerts = useLive((v) => v.alerts);
  const firing = alerts.filter((a) => a.status === "firing").length;
  return (
    <Panel title="Alerts" h="100%" note={alerts.length === 0 ? undefined : `${firing} firing`}>
      {alerts.length === 0 ? (
        <Empty
          title="Nothing is firing"
          command={`curl -sS ${location.origin}/config/v1/rules/demo -H 'Authorization: Bearer vdt_admin_local' \\
  -H 'Content-Type: application/yaml' --data-binary '{name: queue, interval: 5s, rules: [{alert: QueueDeep,
  expr: demo_queue_depth > 10, labels: {severity: warning}}]}'`}
        >
          Add a rule; it is evaluated on every write that touches it.
        </Empty>
      ) : (
        <ScrollArea h={HALF} type="auto">
          <AlertsTable alerts={alerts} compact />
        </ScrollArea>
      )}
      <Box
        component="div"
        role="status"
        aria-live="polite"
        style={{ position: "absolute", left: -9999 }}
      >
        <Text>{firing === 1 ? "1 alert is" : `${firing} alerts are`} firing</Text>
      </Box>
    </Panel>
  );
}

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { getJson } from "../api/client";
import type { Notifications } from "../api/notifications";
import { AppLink } from "../components/app-link";
import { AlertsTable } from "../components/alerts-table";
import { Empty } from "../components/empty";
import { Maintenance } from "../components/maintenance";
import { NotificationLog } from "../components/notification-log";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { Silences } from "../components/silences";
import { TestAlertDialog } from "../components/test-alert";
import { useLive } from "../live/store";

/** What is active now, and what was sent about it and why. */
export function AlertsPage(): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [testing, setTesting] = useState(false);
  const alerts = useLive((v) => v.alerts);
  const log = useQuery({
    queryKey: ["notifications"],
    queryFn: ({ signal }) => getJson<Notifications>("/api/v1/notifications", signal),
    refetchInterval: 3_000,
  });
  return (
    <>
      <PageHeader title="Alerts">
        {session.admin && (
          <Button size="xs" variant="default" onClick={() => setTesting(true)}>
            Send a test alert
          </Button>
        )}
        {testing && <TestAlertDialog onClose={() => setTesting(false)} />}
        <AppLink to="/alerts/history" fz="sm">
          History
        </AppLink>
      </PageHeader>
      <Panel title="Active" note={alerts.length === 0 ? undefined : `${alerts.length}`} mb="sm">
        {alerts.length === 0 ? (
          <Empty title="Nothing is firing" />
        ) : (
          <AlertsTable alerts={alerts} />
        )}
      </Panel>
      <Silences />
      <Maintenance />
      <Panel title="Notification log" note="newest first; what was sent, what was not, and why">
        <QueryState query={log}>
          {({ notifications }) =>
            notifications.length === 0 ? (
              <Empty title="No notification yet" />
            ) : (
              <NotificationLog entries={notifications} />
            )
          }
        </QueryState>
      </Panel>
    </>
  );
}

import {
  ActionIcon,
  AppShell,
  Badge,
  Box,
  Burger,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useNavigate, useRouteContext, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { LOGGED_OUT } from "./api/client";
import { ConnectionIndicator } from "./components/connection-indicator";
import { Icon, type IconName } from "./icons";
import { startWatching, useLive } from "./live/store";
import { logOut } from "./session/session";

interface Entry {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
}

const GROUPS: readonly { readonly title: string; readonly entries: readonly Entry[] }[] = [
  {
    title: "Now",
    entries: [
      { to: "/monitoring", label: "Monitoring", icon: "monitoring" },
      { to: "/alerts", label: "Alerts", icon: "alerts" },
      { to: "/heartbeats", label: "Heartbeats", icon: "heartbeats" },
      { to: "/incidents", label: "Incidents", icon: "incidents" },
      { to: "/receiver", label: "Receiver inbox", icon: "receiver" },
    ],
  },
  {
    title: "Signals",
    entries: [
      { to: "/explore", label: "Metrics", icon: "explore" },
      { to: "/logs", label: "Logs", icon: "logs" },
      { to: "/traces", label: "Traces", icon: "traces" },
      { to: "/events", label: "Events", icon: "events" },
    ],
  },
  {
    title: "Setup",
    entries: [
      { to: "/rules", label: "Rules", icon: "rules" },
      { to: "/settings/receivers", label: "Receivers", icon: "receivers" },
      { to: "/targets", label: "Targets", icon: "targets" },
      { to: "/cardinality", label: "Cardinality", icon: "cardinality" },
      { to: "/reports", label: "Reports", icon: "reports" },
      { to: "/settings/tokens", label: "Tokens", icon: "tokens" },
    ],
  },
];

/** The frame of every page behind a session; it watches the project as long as it is shown. */
export function Shell(): ReactNode {
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const { session } = useRouteContext({ from: "/inside" });
  const navigate = useNavigate();

  useEffect(() => startWatching(), []);
  useEffect(() => close(), [path, close]);
  useEffect(() => {
    const leave = (): void =>
      void navigate({ to: "/login", search: { to: location.pathname + location.search } });
    window.addEventListener(LOGGED_OUT, leave);
    return () => window.removeEventListener(LOGGED_OUT, leave);
  }, [navigate]);

  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding="md"
    >
      <a className="vd-skip" href="#main">
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <Group gap={8} wrap="nowrap">
              <img src="/favicon.svg" width={24} height={24} alt="" />
              <Text fw={700} fz="md" lts="-0.01em">
                Vedette
              </Text>
              <Badge color="gray" variant="outline" tt="none" title="Project">
                {session.project}
              </Badge>
            </Group>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <ConnectionIndicator />
            <SchemeToggle />
            <Menu position="bottom-end" width={200}>
              <Menu.Target>
                <UnstyledButton aria-label="Account" fz="sm" c="dimmed" className="vd-account">
                  {session.name}
                </UnstyledButton>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>Scopes: {session.scopes.join(", ")}</Menu.Label>
                <Menu.Item
                  leftSection={<Icon name="out" size={16} />}
                  onClick={() => void logOut().then(() => navigate({ to: "/login" }))}
                >
                  Log out
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <ScrollArea type="auto">
          {GROUPS.map((group) => (
            <Box key={group.title} mb="sm" component="nav" aria-label={group.title}>
              <Text fz={11} fw={600} c="dimmed" tt="uppercase" px={10} mb={4} lts="0.06em">
                {group.title}
              </Text>
              {group.entries.map((e) => (
                <NavLink
                  key={e.to}
                  label={e.label}
                  active={path.startsWith(e.to)}
                  leftSection={<Icon name={e.icon} />}
                  rightSection={
                    e.to === "/alerts" ? (
                      <FiringCount />
                    ) : e.to === "/incidents" ? (
                      <OpenCount />
                    ) : undefined
                  }
                  py={6}
                  style={{ borderRadius: "var(--mantine-radius-sm)" }}
                  renderRoot={(props) => <Link to={e.to} {...props} />}
                />
              ))}
            </Box>
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function FiringCount(): ReactNode {
  const firing = useLive((v) => v.alerts.filter((a) => a.status === "firing").length);
  return firing === 0 ? null : (
    <Badge size="sm" color="red" variant="filled" aria-label={`${firing} firing`}>
      {firing}
    </Badge>
  );
}

function OpenCount(): ReactNode {
  const open = useLive((v) => v.incidents.length);
  return open === 0 ? null : (
    <Badge size="sm" color="orange" variant="filled" aria-label={`${open} open`}>
      {open}
    </Badge>
  );
}

function SchemeToggle(): ReactNode {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Switch to ${other} colours`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => setColorScheme(other)}
        aria-label={`Switch to ${other} colours`}
      >
        <Icon name={scheme === "dark" ? "sun" : "moon"} />
      </ActionIcon>
    </Tooltip>
  );
}

import {
  Alert,
  Badge,
  Button,
  Checkbox,
  Group,
  Modal,
  Stack,
  Table,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { getJson, send } from "../api/client";
import { Command, Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatTime } from "../format";

interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly origins: readonly string[];
  readonly created_at: string;
  readonly created_by: string;
  readonly revoked_at: string | null;
}

const SCOPES: readonly { readonly value: string; readonly about: string }[] = [
  { value: "ingest", about: "write every signal; secret" },
  { value: "beacon", about: "write from web pages; public, stands alone" },
  { value: "read", about: "ask and watch" },
  { value: "admin", about: "configure; includes read and ingest" },
];

/** Tokens of the project: made, listed, revoked. */
export function TokensPage(): ReactNode {
  const [open, { open: show, close }] = useDisclosure(false);
  const tokens = useQuery({
    queryKey: ["tokens"],
    queryFn: ({ signal }) =>
      getJson<{ readonly tokens: readonly Token[] }>("/config/v1/tokens", signal),
  });
  return (
    <>
      <PageHeader title="Tokens">
        <Button size="xs" onClick={show}>
          Make a token
        </Button>
      </PageHeader>
      <Panel title="Issued tokens" note="a token is shown once, when it is made">
        <QueryState query={tokens}>
          {({ tokens: list }) =>
            list.length === 0 ? (
              <Empty title="No token has been made yet" />
            ) : (
              <TokenTable tokens={list} />
            )
          }
        </QueryState>
      </Panel>
      <Modal opened={open} onClose={close} title="Make a token" centered>
        <MakeToken />
      </Modal>
    </>
  );
}

function TokenTable({ tokens }: { readonly tokens: readonly Token[] }): ReactNode {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => send("DELETE", `/config/v1/tokens/${encodeURIComponent(id)}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
    onError: (e) => notifications.show({ color: "red", title: "Not revoked", message: e.message }),
  });
  return (
    <Table.ScrollContainer minWidth={600} type="native">
      <Table aria-label="Tokens">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Scopes</Table.Th>
            <Table.Th>Origins</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((t) => (
            <Table.Tr key={t.id}>
              <Table.Td>
                {t.name}
                <Text fz="xs" c="dimmed" ff="monospace">
                  {t.id}
                </Text>
              </Table.Td>
              <Table.Td>
                <Group gap={4}>
                  {t.scopes.map((s) => (
                    <Badge key={s} size="sm" color={s === "admin" ? "orange" : "teal"} tt="none">
                      {s}
                    </Badge>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td className="vd-wrap">
                {t.origins.length === 0 ? "any" : t.origins.join(", ")}
              </Table.Td>
              <Table.Td>
                {formatTime(Date.parse(t.created_at))}
                <Text fz="xs" c="dimmed">
                  by {t.created_by}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                {t.revoked_at === null ? (
                  <Button
                    size="compact-xs"
                    color="red"
                    variant="light"
                    loading={revoke.isPending && revoke.variables === t.id}
                    onClick={() =>
                      window.confirm(
                        `Revoke ${t.name}? Whoever uses it is refused within a minute.`,
                      ) && revoke.mutate(t.id)
                    }
                  >
                    Revoke
                  </Button>
                ) : (
                  <Badge color="gray" size="sm">
                    revoked
                  </Badge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function MakeToken(): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["ingest"]);
  const [origins, setOrigins] = useState<string[]>([]);
  const make = useMutation({
    mutationFn: () =>
      send<{ readonly token: string }>("POST", "/config/v1/tokens", {
        name: name.trim(),
        scopes,
        origins,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  if (make.data !== undefined) {
    return (
      <Stack>
        <Alert color="teal" variant="light" p="xs" title="Made">
          Copy it now: it is not shown again.
        </Alert>
        <Command text={make.data.token} />
      </Stack>
    );
  }
  const submit = (e: FormEvent): void => {
    e.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="What timelines and lists show"
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          required
          maxLength={80}
          data-autofocus
        />
        <Checkbox.Group label="Scopes" value={scopes} onChange={setScopes}>
          <Stack gap={6} mt={6}>
            {SCOPES.map((s) => (
              <Checkbox key={s.value} value={s.value} label={s.value} description={s.about} />
            ))}
          </Stack>
        </Checkbox.Group>
        {scopes.includes("beacon") && (
          <TagsInput
            label="Origins"
            description="Pages that may use it, e.g. https://shop.example; none: any"
            value={origins}
            onChange={setOrigins}
          />
        )}
        {make.isError && (
          <Alert color="red" variant="light" p="xs" role="alert">
            {make.error.message}
          </Alert>
        )}
        <Button
          type="submit"
          loading={make.isPending}
          disabled={name.trim() === "" || scopes.length === 0}
        >
          Make
        </Button>
      </Stack>
    </form>
  );
}

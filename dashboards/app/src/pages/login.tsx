import { Box, Button, Center, Paper, PasswordInput, Stack, Text } from "@mantine/core";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { PageHeader } from "../components/page-header";
import { logIn } from "../session/session";

/** A token once; from then on the session's cookie. */
export function LoginPage(): ReactNode {
  const { to } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const router = useRouter();
  const [token, setToken] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await logIn(token);
      await router.invalidate();
      await navigate({ href: to ?? "/monitoring" });
    } catch (e) {
      setError(e instanceof Error ? e.message : String(e));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={400} radius="md">
        <form onSubmit={(e) => void submit(e)}>
          <Stack gap="md">
            <Box>
              <img src="/favicon.svg" width={36} height={36} alt="" />
              <PageHeader title="Log in to Vedette" />
              <Text fz="sm" c="dimmed">
                With a token of scope <b>read</b> or <b>admin</b>. On a local start,{" "}
                <code>vdt_admin_local</code> works.
              </Text>
            </Box>
            <PasswordInput
              label="Token"
              name="token"
              autoComplete="current-password"
              value={token}
              onChange={(e) => setToken(e.currentTarget.value)}
              error={error}
              required
              data-autofocus
              autoFocus
            />
            <Button type="submit" loading={busy} disabled={token.trim() === ""}>
              Log in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

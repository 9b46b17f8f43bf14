import { type Template, parseTemplate } from "../core/template/index";
import type { HttpAuthorization, HttpSettings } from "./config";
import type { ConfigBundle } from "./config-bundle";
import type { Decoder } from "./config-decode";
import type { ConfigRefusal } from "./config-error";
import type { HttpConfig } from "./config-http";
import type { GlobalConfig } from "./config-schema";

/** Why an address may not be called; undefined where it may. */
export type UrlCheck = (url: string) => string | undefined;

/** What was understood, or is done otherwise than Alertmanager does it: one entry per name, with each place of it. */
export interface ConfigNote {
  readonly name: string;
  readonly message: string;
  readonly places: readonly {
    readonly line: number;
    readonly column: number;
    readonly what: string;
  }[];
}

/**
 * What is gathered while integrations are made of what the file says. A file that Alertmanager takes may hold what
 * Vedette cannot deliver: each such thing is named with its place, and the reading goes on.
 */
export class Delivery {
  readonly undelivered: ConfigRefusal[] = [];
  /** The texts that are templates, for what they call. */
  readonly texts: { readonly at: unknown; readonly path: string; readonly template: Template }[] =
    [];
  private readonly notes = new Map<string, ConfigNote>();

  constructor(
    readonly d: Decoder,
    readonly global: GlobalConfig,
    private readonly bundle: ConfigBundle,
    private readonly urlCheck: UrlCheck,
  ) {}

  refuse(at: unknown, message: string, reason: ConfigRefusal["reason"] = "not_delivered"): void {
    this.undelivered.push({ reason, message, ...this.d.file.place(at) });
  }

  /** Names fields of which none may be set. */
  refuseFields(value: object, fields: readonly string[], path: string): void {
    for (const field of fields) {
      const set = (value as Readonly<Record<string, unknown>>)[field]; // a struct's fields by name
      if (set === undefined || set === false || set === "") continue;
      this.refuse(this.d.at(value, field), `not delivered: ${path}.${field}`);
    }
  }

  note(name: string, message: string, at: unknown, what: string): void {
    const known = this.notes.get(name);
    const place = { ...this.d.file.place(at), what };
    this.notes.set(name, {
      name,
      message,
      places: [...(known?.places ?? []), place],
    });
  }

  noted(): readonly ConfigNote[] {
    return [...this.notes.values()];
  }

  /** A value, or the content of the file that is named instead. */
  valueOrFile(
    value: object,
    field: string,
    inline: string | undefined,
    file: string | undefined,
  ): string | undefined {
    if (inline !== undefined && inline !== "") return inline;
    return file ? this.file(file, this.d.at(value, `${field}_file`)) : inline;
  }

  /** A file of the bundle, without the space around it; "" where it is missing, which is named. */
  file(path: string, at: unknown): string {
    const { files } = this.bundle;
    const content = Object.hasOwn(files, path) ? files[path] : undefined;
    if (content !== undefined) return content.trim();
    this.refuse(at, `the file ${JSON.stringify(path)} did not come with the configuration`);
    return "";
  }

  /** An address to call. "" where a file is missing: that is named already. */
  address(at: unknown, path: string, url: string): string {
    if (url === "") return url;
    if (url.includes("{{")) this.refuse(at, `not delivered: ${path} as a template`);
    else if (!URL.canParse(url) || !/^https?:/i.test(url))
      this.refuse(at, `${path} must be an http or https address`, "value_wrong");
    else {
      const why = this.urlCheck(url);
      const shown = this.d.isFilled(at) ? "it is no public address" : why;
      if (why !== undefined) this.refuse(at, `${path} may not be called: ${shown}`, "url_refused");
    }
    return url;
  }

  /** A text that may be a Go template; one that does not parse is named now, not when it is needed. */
  template(at: unknown, path: string, text: string): string {
    if (!text.includes("{{")) return text;
    const parsed = parseTemplate(text, "alertmanager");
    if (parsed.ok) this.texts.push({ at, path, template: parsed.value });
    else {
      const why = this.d.isFilled(at) ? "with its secrets it is no template" : parsed.error.message;
      this.refuse(at, `${path}: ${why}`, "value_wrong");
    }
    return text;
  }

  /** The set ones of some template fields, under the names that integrations give them. */
  templates<const P extends readonly (readonly [yaml: string, name: string])[]>(
    value: object,
    path: string,
    pairs: P,
  ): { [K in P[number][1]]?: string } {
    const out: Record<string, string> = {};
    for (const [yaml, name] of pairs) {
      const text = (value as Readonly<Record<string, unknown>>)[yaml]; // a struct's fields by name
      if (typeof text === "string")
        out[name] = this.template(this.d.at(value, yaml), `${path}.${yaml}`, text);
    }
    return out as { [K in P[number][1]]?: string }; // the names written are those of `pairs`
  }

  /** `http_config` of an integration, or of `global` where it has none. */
  http(own: HttpConfig | undefined, path: string): HttpSettings {
    if (own !== undefined) return this.httpSettings(own, `${path}.http_config`, true);
    const shared = this.global.http_config;
    // What of it cannot be done is named once, where it stands.
    return shared === undefined ? {} : this.httpSettings(shared, "global.http_config", false);
  }

  httpSettings(http: HttpConfig, path: string, name: boolean): HttpSettings {
    if (name) this.refuseHttp(http, path);
    const authorization = this.authorization(http);
    const headers = this.headers(http);
    return {
      ...(authorization === undefined ? {} : { authorization }),
      ...(headers.length === 0 ? {} : { headers }),
    };
  }

  /** The parts that a Worker's fetch cannot honour. */
  refuseHttp(http: HttpConfig, path: string): void {
    const { tls_config: tls } = http;
    if (tls !== undefined && Object.keys(tls).length > 0)
      this.refuse(this.d.at(http, "tls_config"), `not delivered: ${path}.tls_config`);
    this.refuseFields(
      http,
      ["oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header"],
      path,
    );
    if (http.basic_auth !== undefined)
      this.refuseFields(http.basic_auth, ["username_ref", "password_ref"], `${path}.basic_auth`);
    if (http.authorization !== undefined)
      this.refuseFields(http.authorization, ["credentials_ref"], `${path}.authorization`);
  }

  private authorization(http: HttpConfig): HttpAuthorization | undefined {
    const { authorization: auth, basic_auth: basic } = http;
    if (auth !== undefined)
      return {
        kind: "bearer",
        type: (auth.type ?? "").trim() || "Bearer",
        credentials:
          this.valueOrFile(auth, "credentials", auth.credentials, auth.credentials_file) ?? "",
      };
    const token = this.valueOrFile(http, "bearer_token", http.bearer_token, http.bearer_token_file);
    if (token) return { kind: "bearer", type: "Bearer", credentials: token };
    if (basic === undefined) return undefined;
    return {
      kind: "basic",
      username: this.valueOrFile(basic, "username", basic.username, basic.username_file) ?? "",
      password: this.valueOrFile(basic, "password", basic.password, basic.password_file) ?? "",
    };
  }

  private headers(http: HttpConfig): [string, string][] {
    const out: [string, string][] = [];
    for (const [name, header] of http.http_headers ?? []) {
      const files = (header?.files ?? []).map((path) =>
        path ? this.file(path, header === undefined ? undefined : this.d.at(header, "files")) : "",
      );
      for (const value of [...(header?.values ?? []), ...(header?.secrets ?? []), ...files])
        out.push([name, value ?? ""]);
    }
    return out;
  }
}

/** What kept an image from being pulled. */
export interface PullFailure {
  /** True: the same pull may work later, without a change of job or node. */
  readonly recoverable: boolean;
  /** True: worth trying again at once, where Podman does not do so itself. */
  readonly isRetried: boolean;
  /** What it means and what to do, for the one who reads Podman's words; empty where they say it all. */
  readonly advice: string;
}

export interface FailedPull {
  readonly reference: string;
  /** `host[:port]`; undefined for a short name. */
  readonly registry: string | undefined;
  /** Podman's whole text. */
  readonly text: string;
  /** Whether credentials were sent. */
  readonly hadCredentials: boolean;
}

interface Kind {
  /** In a few words, for the documents. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly recoverable: boolean;
  readonly isRetried?: true;
  /** What it means and what to do. */
  advice(failed: FailedPull): string;
}

const tlsAdvice = "set auth { tls_verify = false }";

/**
 * Podman's words on 4.3, 5.4, 5.8 and 6.1, in order: the first that fits counts. Podman itself tries again after refused and broken
 * connections and after 429; after a 5xx, a blob cut short (4.3) and a name that did not resolve it does not.
 */
const kinds: readonly Kind[] = [
  {
    name: "short name that nobody resolves",
    pattern: /short-name/,
    recoverable: false,
    advice: ({ reference }) =>
      `write the image with its registry, such as docker.io/${reference.includes("/") ? reference : `library/${reference}`}`,
  },
  {
    name: "Podman's own auth files",
    pattern: /getting username and password/,
    recoverable: false,
    advice: () => "an auth file or a credential helper of Podman's own on this node does not work; mend it there, or set auth",
  },
  {
    name: "other platform",
    pattern: /no image found in (manifest list|image index)/,
    recoverable: false,
    advice: () => "the registry has this image for other platforms only; see arch, os and variant",
  },
  {
    name: "other content",
    pattern: /digest.* (did|does) not match/i,
    recoverable: false,
    advice: () => "what the registry sends is not what it says it is",
  },
  {
    name: "certificate",
    pattern: /x509:/,
    recoverable: false,
    advice: ({ registry }) =>
      "this node does not trust the registry's certificate; put its CA into " +
        `/etc/containers/certs.d/${registry ?? "<registry>"}/ca.crt, or ${tlsAdvice}`,
  },
  {
    name: "no TLS",
    pattern: /server gave http response to https client/i,
    recoverable: false,
    advice: () => `the registry has no TLS; mark it as insecure in the node's registries.conf, or ${tlsAdvice}`,
  },
  {
    name: "blocked registry",
    pattern: /is blocked in /,
    recoverable: false,
    advice: () => "the node's registries.conf forbids this registry",
  },
  {
    name: "signature policy",
    pattern: /source image rejected/i,
    recoverable: false,
    advice: () => "the node's policy.json does not accept this image",
  },
  {
    name: "login too long",
    pattern: /status(?: ?code)?:? 431\b|header (fields?|or cookie) too large/i,
    recoverable: false,
    advice: () => "the registry does not take a login of this length",
  },
  {
    name: "no registry's answer",
    pattern: /invalid character '<'|StatusCode: 2\d\d, *"?</,
    recoverable: true,
    advice: () => "what answers there is no registry: a proxy or a web page stands in its place",
  },
  {
    name: "429",
    pattern: /toomanyrequests|too many requests/i,
    recoverable: true,
    advice: () => "the registry limits how often it is asked; Podman has waited as long as it was told to and asked again",
  },
  {
    name: "full disk",
    pattern: /no space left on device/,
    recoverable: true,
    advice: () => "the disk that Podman keeps images or downloads on is full; see gc.image",
  },
  {
    name: "no such image",
    pattern: /manifest unknown|name unknown|StatusCode: 404/,
    recoverable: false,
    advice: () => "the registry has no such image; check name and tag",
  },
  {
    name: "401",
    pattern: /unauthorized|authentication required|StatusCode: 401/i,
    recoverable: false,
    advice: (failed) => withLogin(failed, (registry) => `${registry} does not take these credentials for this image`),
  },
  {
    name: "403",
    pattern: /(?<!permission )denied|StatusCode: 403/,
    recoverable: false,
    advice: (failed) => withLogin(failed, (registry) => `${registry} knows these credentials, and gives no access to this image for them`),
  },
  {
    name: "not allowed on the node",
    pattern: /permission denied|operation not permitted|insufficient UIDs or GIDs/,
    recoverable: false,
    advice: () =>
      "the node does not let Podman do this; see who may write its storage, its user's IDs in /etc/subuid and /etc/subgid, and SELinux",
  },
  {
    name: "5xx",
    pattern: /(status|status code)[a-z ]*:? 5\d\d|\b5\d\d (internal server error|bad gateway|service unavailable|gateway time-?out)/i,
    recoverable: true,
    isRetried: true,
    advice: () => "the registry itself fails",
  },
  {
    name: "layer cut short",
    pattern: /unexpected EOF|blob unknown/,
    recoverable: true,
    isRetried: true,
    advice: () => "the registry broke off in the middle of a layer",
  },
  {
    name: "layer missing",
    pattern: /fetching blob: .*\b404\b/i,
    recoverable: true,
    advice: () => "the registry has the image's manifest, and not this layer of it",
  },
  {
    name: "name not resolved",
    pattern: /dial tcp: lookup|no such host|temporary failure in name resolution|server misbehaving/i,
    recoverable: true,
    isRetried: true,
    advice: () => "the registry's name was not resolved on this node",
  },
  {
    name: "connection refused",
    pattern: /connection refused/,
    recoverable: true,
    advice: (failed) => `nothing listens at ${toAsked(failed)}`,
  },
  {
    name: "no answer",
    pattern: /i\/o timeout|handshake timeout|connection timed out/i,
    recoverable: true,
    advice: (failed) => `${toAsked(failed)} does not answer`,
  },
  {
    name: "no way there",
    pattern: /no route to host|(network|host) is unreachable/,
    recoverable: true,
    advice: () => "this node has no way to the registry",
  },
  {
    name: "connection lost",
    pattern: /connection reset|broken pipe|: EOF\b/,
    recoverable: true,
    advice: () => "the connection to the registry was lost",
  },
  {
    name: "not a name",
    pattern: /invalid reference format|not found|unknown transport|image not known/,
    recoverable: false,
    advice: () => "Podman finds no image by this name",
  },
];

/** Judges Podman's words. What nobody knows may pass. */
export function judgePullFailure(failed: FailedPull): PullFailure {
  // A repository may be called what a failure is called.
  const words = failed.text.replaceAll(failed.reference, "");
  const kind = kinds.find(({ pattern }) => pattern.test(words));
  return { recoverable: kind?.recoverable ?? true, isRetried: kind?.isRetried ?? false, advice: kind?.advice(failed) ?? "" };
}

/** Who was asked last, as `host[:port]`: the registry, its mirror, or where it has sent on to. */
function toAsked({ text, registry = "the registry" }: FailedPull): string {
  const url = [...text.matchAll(/\b(?:Get|Head|Post) "(https?:\/\/[^"]+)"/gi)].at(-1)?.[1];
  return url !== undefined && URL.canParse(url) ? new URL(url).host : registry;
}

/** Podman's words without what may be a secret in an address: a registry sends on to signed ones. */
export function withoutQueries(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s"?]+)\?[^\s"]*/gi, "$1");
}

/**
 * Each kind of failure, in the order in which it is looked for: its name, what follows from it, and the sentence that is put
 * behind Podman's.
 */
export function listPullFailures(): readonly (PullFailure & { readonly name: string })[] {
  const example = { reference: "NAME", registry: "REGISTRY", text: "", hadCredentials: true };
  return kinds.map(({ name, recoverable, isRetried = false, advice }) => ({ name, recoverable, isRetried, advice: advice(example) }));
}

function withLogin({ registry = "the registry", hadCredentials }: FailedPull, adviceOfLogin: (registry: string) => string): string {
  return hadCredentials
    ? adviceOfLogin(registry)
    : `no credentials for ${registry} were found; set auth in the task or in the plugin's config`;
}

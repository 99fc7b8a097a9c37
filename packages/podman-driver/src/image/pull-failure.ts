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
  readonly pattern: RegExp;
  readonly recoverable: boolean;
  readonly isRetried?: true;
  advice?(failed: FailedPull): string;
}

/**
 * Podman's words on 4.3, 5.4, 5.8 and 6.1 (podman-image-facts), in order: the first that fits counts. Podman itself tries again after
 * refused and broken connections and after 429; after a 5xx, a blob cut short (4.3) and a name that did not resolve it does not.
 */
const kinds: readonly Kind[] = [
  { pattern: /short-name/, recoverable: false, advice: ({ reference }) => `write the image with its registry, such as docker.io/${reference.includes("/") ? reference : `library/${reference}`}` },
  {
    pattern: /getting username and password/,
    recoverable: false,
    advice: () => "an auth file or a credential helper of Podman's own on this node does not work; mend it there, or set auth",
  },
  { pattern: /no image found in manifest list/, recoverable: false, advice: () => "the registry has this image for other platforms only; see arch, os and variant" },
  { pattern: /digest.* (did|does) not match/i, recoverable: false, advice: () => "what the registry sends is not what it says it is" },
  {
    pattern: /x509:/,
    recoverable: false,
    advice: ({ registry }) =>
      `this node does not trust the registry's certificate; put its CA into /etc/containers/certs.d/${registry ?? "<registry>"}/ca.crt, or set auth { tls_verify = false }`,
  },
  {
    pattern: /server gave http response to https client/i,
    recoverable: false,
    advice: () => "the registry has no TLS; mark it as insecure in the node's registries.conf, or set auth { tls_verify = false }",
  },
  {
    pattern: /toomanyrequests|too many requests/i,
    recoverable: true,
    advice: () => "the registry limits how often it is asked; Podman has waited as long as it was told to and asked again",
  },
  { pattern: /no space left on device/, recoverable: true, advice: () => "the disk that Podman keeps images or downloads on is full; see gc.image" },
  { pattern: /manifest unknown|name unknown/, recoverable: false, advice: () => "the registry has no such image; check name and tag" },
  { pattern: /unauthorized|authentication required/i, recoverable: false, advice: toLoginAdvice },
  { pattern: /denied/, recoverable: false, advice: toLoginAdvice },
  { pattern: /(status|status code)[a-z ]*:? 5\d\d|\b5\d\d (internal server error|bad gateway|service unavailable|gateway time-?out)/i, recoverable: true, isRetried: true },
  { pattern: /unexpected EOF|blob unknown/, recoverable: true, isRetried: true },
  { pattern: /dial tcp: lookup|no such host|temporary failure in name resolution|server misbehaving/i, recoverable: true, isRetried: true, advice: () => "the registry's name was not resolved on this node" },
  { pattern: /invalid reference format|not found|unknown transport|image not known/, recoverable: false },
];

/** Judges Podman's words. What nobody knows may pass. */
export function judgePullFailure(failed: FailedPull): PullFailure {
  // A repository may be called what a failure is called.
  const words = failed.text.replaceAll(failed.reference, "");
  const kind = kinds.find(({ pattern }) => pattern.test(words));
  return { recoverable: kind?.recoverable ?? true, isRetried: kind?.isRetried ?? false, advice: kind?.advice?.(failed) ?? "" };
}

function toLoginAdvice({ registry, hadCredentials }: FailedPull): string {
  const which = registry ?? "the registry";
  return hadCredentials
    ? `${which} does not take these credentials for this image`
    : `no credentials for ${which} were found; set auth in the task or in the plugin's config`;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { judgePullFailure, listPullFailures, withoutQueries } from "./pull-failure.ts";

/** Podman's words on 4.3, 5.4, 5.8 and 6.1, and what they come to. */
const rows: readonly { readonly text: string; readonly is: "final" | "recoverable" | "retried"; readonly advice: RegExp }[] = [
  {
    text: "initializing source docker://r.io/x:1: reading manifest 1 in r.io/x: manifest unknown: manifest unknown",
    is: "final",
    advice: /no such image/,
  },
  {
    text:
      "unable to copy from source docker://r.io/x:1: initializing source docker://r.io/x:1: reading manifest 1 in r.io/x: name " +
      "unknown: repository",
    is: "final",
    advice: /no such image/,
  },
  { text: "podman answered 404: manifest unknown", is: "final", advice: /no such image/ },
  {
    text: "reading manifest 1 in r.io/x: unauthorized: authentication required",
    is: "final",
    advice: /no credentials for r\.io were found/,
  },
  { text: "reading manifest 1 in r.io/x: authentication required", is: "final", advice: /no credentials/ },
  { text: "requested access to the resource is denied", is: "final", advice: /no credentials/ },
  { text: "reading manifest 1 in r.io/x: toomanyrequests: too fast", is: "recoverable", advice: /limits how often/ },
  { text: "too many requests to registry", is: "recoverable", advice: /limits how often/ },
  {
    text: "reading manifest 1 in r.io/x: received unexpected HTTP status: 503 Service Unavailable",
    is: "retried",
    advice: /registry itself fails/,
  },
  { text: "invalid status code from registry 500 (Internal Server Error)", is: "retried", advice: /registry itself fails/ },
  {
    text: 'pinging container registry r.io: Get "https://r.io/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
    is: "recoverable",
    advice: /^nothing listens at r\.io$/,
  },
  {
    text: 'pinging container registry r.io: Get "https://r.io/v2/": dial tcp 192.0.2.1:443: i/o timeout',
    is: "recoverable",
    advice: /^r\.io does not answer$/,
  },
  {
    text: 'pinging container registry r.io: Get "https://r.io/v2/": net/http: TLS handshake timeout',
    is: "recoverable",
    advice: /does not answer/,
  },
  {
    text: 'pinging container registry r.io: Get "https://r.io/v2/": dial tcp: lookup r.io on 192.0.2.1:53: no such host',
    is: "retried",
    advice: /was not resolved/,
  },
  { text: 'Get "https://r.io/v2/": x509: certificate signed by unknown authority', is: "final", advice: /certs\.d\/r\.io\/ca\.crt/ },
  {
    text: 'Get "https://r.io/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    is: "final",
    advice: /certs\.d/,
  },
  { text: 'Get "https://r.io/v2/": http: server gave HTTP response to HTTPS client', is: "final", advice: /tls_verify = false/ },
  { text: "writing blob: storing blob to file: happened during read: unexpected EOF", is: "retried", advice: /broke off in the middle/ },
  { text: "reading blob sha256:ab: blob unknown to registry", is: "retried", advice: /broke off in the middle/ },
  { text: "writing blob: Digest did not match, expected sha256:ab, got sha256:cd", is: "final", advice: /is not what it says/ },
  {
    text: "parsing image configuration: Download config.json digest sha256:ab does not match expected sha256:cd",
    is: "final",
    advice: /is not what it says/,
  },
  { text: "writing blob: write /var/tmp/storage1/1: no space left on device", is: "recoverable", advice: /is full/ },
  { text: "getting username and password: reading JSON file", is: "final", advice: /Podman's own/ },
  {
    text: 'choosing an image from manifest list docker://r.io/x:1: no image found in manifest list for architecture "s390x"',
    is: "final",
    advice: /other platforms/,
  },
  {
    text:
      "choosing an image from manifest list docker://r.io/x:1: no image found in image index for architecture s390x, variant " +
      '"", OS linux',
    is: "final",
    advice: /other platforms/,
  },
  { text: 'short-name "x" did not resolve to an alias', is: "final", advice: /docker\.io\/r\.io\/x:1|docker\.io\/library/ },
  { text: "parsing reference: invalid reference format", is: "final", advice: /no image by this name/ },
  { text: "r.io/x:1: image not known", is: "final", advice: /no image by this name/ },
  {
    text: 'Get "https://r.io/v2/": dial tcp 192.0.2.1:443: connect: no route to host',
    is: "recoverable",
    advice: /no way to the registry/,
  },
  { text: 'Get "https://r.io/v2/": read tcp 192.0.2.1:443: read: connection reset by peer', is: "recoverable", advice: /was lost/ },
  { text: 'Get "https://r.io/v2/": EOF', is: "recoverable", advice: /was lost/ },
  {
    text: "registry r.io is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d",
    is: "final",
    advice: /registries\.conf forbids/,
  },
  { text: "Source image rejected: A signature was required, but no signature exists", is: "final", advice: /policy\.json/ },
  {
    text: "initializing image from source docker://r.io/x:1: invalid character '<' looking for beginning of value",
    is: "recoverable",
    advice: /no registry/,
  },
  { text: "pinging container registry r.io: received unexpected HTTP status: 431 Request Header", is: "final", advice: /of this length/ },
  { text: "r.io:431/x: StatusCode: 400, <title>400 Request Header Or Cookie Too Large", is: "final", advice: /of this length/ },
  { text: "reading manifest 1 in r.io/x: StatusCode: 404, <html>...", is: "final", advice: /no such image/ },
  { text: 'reading manifest 1 in r.io/x: StatusCode: 403, "<html>..."', is: "final", advice: /no credentials/ },
  { text: 'reading manifest 1 in r.io/x: StatusCode: 200, "<html>..."', is: "recoverable", advice: /is no registry/ },
  { text: "reading manifest 1 in r.io/x: StatusCode: 403, <html>...", is: "final", advice: /no credentials/ },
  { text: "reading manifest 1 in r.io/x: StatusCode: 401, <html>...", is: "final", advice: /no credentials/ },
  { text: 'reading manifest 1 in r.io/x: denied: Permission denied for "1" from request', is: "final", advice: /no credentials/ },
  {
    text: "creating temporary file: open /var/tmp/storage1/1: permission denied",
    is: "final",
    advice: /the node does not let Podman do this/,
  },
  {
    text:
      "writing blob: processing tar file(potentially insufficient UIDs or GIDs available in user namespace (requested 0:42 for " +
      "/etc/gshadow): Check /etc/subuid and /etc/subgid): lchown /etc/gshadow: invalid argument",
    is: "final",
    advice: /the node does not let Podman do this/,
  },
  {
    text: 'Get "https://r.io/v2/": dial tcp 192.0.2.1:443: connect: operation not permitted',
    is: "final",
    advice: /the node does not let Podman do this/,
  },
  { text: "Error fetching blob: invalid status code from registry 404 (Not Found)", is: "recoverable", advice: /not this layer/ },
  { text: "something that nobody has seen yet", is: "recoverable", advice: /^$/ },
];
for (const { text, is, advice } of rows) {
  test(`${is}: ${text}`, () => {
    const failure = judgePullFailure({ reference: "r.io/x:1", registry: "r.io", text, hadCredentials: false });
    assert.deepEqual([failure.recoverable, failure.isRetried], [is !== "final", is === "retried"]);
    assert.match(failure.advice, advice);
  });
}

test("has a sentence of its own for each kind of failure, and a row above for each", () => {
  const kinds = listPullFailures();
  assert.equal(new Set(kinds.map(({ advice }) => advice)).size, kinds.length);
  const sent = { reference: "NAME", registry: "REGISTRY", hadCredentials: true };
  const adviceOf = (text: string): string => judgePullFailure({ ...sent, text }).advice.replace(/(?<!\/)\br\.io\b/, "REGISTRY");
  const seen = new Set(rows.map(({ text }) => adviceOf(text)));
  assert.deepEqual(kinds.filter(({ advice }) => !seen.has(advice)).map(({ name }) => name), []);
});

test("names who was asked, where the registry has sent on or has a mirror", () => {
  const text = 'reading blob sha256:ab: Get "https://cdn.test:8443/b?sig=s3cret": dial tcp 192.0.2.1:8443: connect: connection refused';
  const { advice } = judgePullFailure({ reference: "r.io/x:1", registry: "r.io", text, hadCredentials: false });
  assert.equal(advice, "nothing listens at cdn.test:8443");
  assert.equal(
    withoutQueries(`${text}, or Post "http://a/?t=s3cret"`),
    'reading blob sha256:ab: Get "https://cdn.test:8443/b": dial tcp 192.0.2.1:8443: connect: connection refused, or Post "http://a/"',
  );
});

test("says that credentials were sent and not taken", () => {
  const { advice } = judgePullFailure({ reference: "r.io/x:1", registry: "r.io", text: "unauthorized", hadCredentials: true });
  assert.equal(advice, "r.io does not take these credentials for this image");
});

test("takes no word of the image's own name for a failure", () => {
  const text = "initializing source docker://r.io/denied/unauthorized:1: connect: connection refused";
  assert.equal(
    judgePullFailure({ reference: "r.io/denied/unauthorized:1", registry: "r.io", text, hadCredentials: false }).recoverable,
    true,
  );
});

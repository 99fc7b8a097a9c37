import { getCACertificates, rootCertificates, setDefaultCACertificates } from "node:tls";

let isDone = false;

/**
 * Makes every TLS connection of this process trust the authorities of the host, as Podman, Nomad and curl on it do: those of
 * `SSL_CERT_FILE` and `SSL_CERT_DIR`, else of `/etc/ssl`, and of `NODE_EXTRA_CA_CERTS`. Where the host has none, those that Node
 * brings. To be called before a connection; the first call takes some 50 ms, the others nothing.
 */
export function trustHostAuthorities(): void {
  if (isDone) return;
  isDone = true;
  const found = new Set([...getCACertificates("system"), ...getCACertificates("extra")]);
  setDefaultCACertificates(found.size === 0 ? [...rootCertificates] : [...found]);
}

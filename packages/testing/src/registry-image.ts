import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { encodeTar, type TarEntry } from "./tar-encoder.ts";
import { resolveTool } from "./tool-path.ts";

/** An image made for a test. */
export interface TestImage {
  /** As `arm64` or `arm/v7`. Default: the one architecture of this machine. Several make a list, in which each has its own image. */
  readonly architectures?: readonly string[];
  /** Default "linux". */
  readonly os?: string;
  /** True: manifest and list in OCI's format instead of Docker's, as most builders make them. */
  readonly isOci?: boolean;
  /** Size of each further layer, filled with bytes that no compression makes fewer. Default: none. */
  readonly layerBytes?: readonly number[];
  /** Makes an image of its own of one that is the same otherwise, as images are known by their content. Default "". */
  readonly salt?: string;
  /** Content of the file /mark; another mark makes another image. Default "". */
  readonly mark?: string;
}

interface Blob {
  readonly digest: string;
  readonly content: Uint8Array;
}

interface Manifest extends Blob {
  readonly mediaType: string;
  readonly isTagged: boolean;
}

export interface PublishedImage {
  readonly blobs: readonly Blob[];
  readonly manifests: readonly Manifest[];
  /** Of the manifest or list that the tag names. */
  readonly digest: string;
}

const dockerTypes = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  list: "application/vnd.docker.distribution.manifest.list.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const ociTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  list: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** Blobs and manifests of an image whose first layer is a static busybox with the shell and `cat`, `sleep` and `echo`. */
export function encodeImage(image: TestImage): PublishedImage {
  const architectures = image.architectures ?? [process.arch === "x64" ? "amd64" : process.arch];
  const { isOci = false, os = "linux" } = image;
  const types = isOci ? ociTypes : dockerTypes;
  const singles = architectures.map((architecture) => encodeSingle(image, architecture, types));
  const blobs = singles.flatMap((one) => one.blobs);
  const [first] = singles;
  if (singles.length === 1 && first !== undefined) {
    return { blobs, manifests: [{ ...first.manifest, isTagged: true }], digest: first.manifest.digest };
  }
  const list = toBlob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.list,
        manifests: singles.map(({ manifest, architecture }) => ({
          mediaType: types.manifest,
          size: manifest.content.length,
          digest: manifest.digest,
          platform: { ...toPlatform(architecture), os },
        })),
      }),
    ),
  );
  return {
    blobs,
    manifests: [...singles.map(({ manifest }) => manifest), { ...list, mediaType: types.list, isTagged: true }],
    digest: list.digest,
  };
}

function encodeSingle(
  image: TestImage,
  architecture: string,
  types: typeof dockerTypes,
): { readonly blobs: readonly Blob[]; readonly manifest: Manifest; readonly architecture: string } {
  const tars = [baseLayer(image.mark ?? "", architecture), ...(image.layerBytes ?? []).map((size, index) => randomLayer(size, index))];
  const layers = tars.map((tar) => toBlob(gzipSync(tar, { level: 1 })));
  const config = toBlob(
    Buffer.from(
      JSON.stringify({
        ...toPlatform(architecture),
        os: image.os ?? "linux",
        created: "2026-01-01T00:00:00Z",
        config: { Env: ["PATH=/bin"], Cmd: ["sh"], Labels: { salt: image.salt ?? "" } },
        rootfs: { type: "layers", diff_ids: tars.map((tar) => toDigest(tar)) },
        history: tars.map(() => ({ created: "2026-01-01T00:00:00Z" })),
      }),
    ),
  );
  const describe = ({ digest, content }: Blob, mediaType: string): object => ({ mediaType, size: content.length, digest });
  const manifest = toBlob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.manifest,
        config: describe(config, types.config),
        layers: layers.map((layer) => describe(layer, types.layer)),
      }),
    ),
  );
  return { blobs: [config, ...layers], manifest: { ...manifest, mediaType: types.manifest, isTagged: false }, architecture };
}

function toPlatform(text: string): { readonly architecture: string; readonly variant?: string } {
  const [architecture = "", variant] = text.split("/");
  return { architecture, ...(variant !== undefined && { variant }) };
}

function baseLayer(mark: string, architecture: string): Uint8Array {
  const links = ["sh", "cat", "sleep", "echo", "uname"].map((name): TarEntry => ({
    path: `bin/${name}`,
    mode: 0o777,
    linkTarget: "busybox",
  }));
  return encodeTar([
    { path: "bin/", mode: 0o755 },
    { path: "etc/", mode: 0o755 },
    { path: "bin/busybox", mode: 0o755, content: readFileSync(resolveTool("busybox")) },
    ...links,
    { path: "etc/passwd", mode: 0o644, content: Buffer.from("root:x:0:0:root:/root:/bin/sh\n") },
    { path: "mark", mode: 0o644, content: Buffer.from(mark) },
    { path: "architecture", mode: 0o644, content: Buffer.from(architecture) },
  ]);
}

/** The same bytes each time, as far as they go, so that two images may share the layer. */
function randomLayer(sizeBytes: number, index: number): Uint8Array {
  const content = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += 32) createHash("sha256").update(`${index} ${offset}`).digest().copy(content, offset);
  return encodeTar([{ path: `layer-${index}`, mode: 0o644, content }]);
}

function toBlob(content: Uint8Array): Blob {
  return { digest: toDigest(content), content };
}

function toDigest(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

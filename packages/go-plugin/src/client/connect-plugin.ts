import { createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import { Http2SessionManager, createGrpcTransport } from "@connectrpc/connect-node";
import { connect } from "node:net";
import { waitAborted } from "@driver/std";
import { GRPCBroker, GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";
import type { PluginAddress } from "../handshake.ts";

/** A host's connection to a plugin. */
export interface PluginConnection {
  readonly transport: Transport;
  /** Ends the connection; calls in progress fail. */
  close(): void;
}

const maxMessageBytes = 0x7fff_ffff;

/**
 * Connects to a plugin that is there already, such as one that outlived its host. Opens the broker and stdio
 * streams first, as go-plugin hosts do. Connects lazily: a plugin that is gone shows in the first call.
 */
export function connectPlugin(address: PluginAddress): PluginConnection {
  const sessionManager = new Http2SessionManager(
    "http://unused",
    { idleConnectionTimeoutMs: Number.POSITIVE_INFINITY },
    {
      createConnection: () => (address.network === "unix" ? connect(address.path) : connect(address.port, address.host)),
      maxSessionMemory: 4_096,
      peerMaxConcurrentStreams: 0xffff_ffff,
    },
  );
  const transport = createGrpcTransport({
    baseUrl: "http://unused",
    sessionManager,
    acceptCompression: [],
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
  });
  const open = new AbortController();
  void holdOpen(createClient(GRPCStdio, transport).streamStdio({}, { signal: open.signal }));
  void holdOpen(createClient(GRPCBroker, transport).startStream(nothingUntil(open.signal), { signal: open.signal }));
  return {
    transport,
    close() {
      open.abort();
      sessionManager.abort();
    },
  };
}

/** A plugin without these services is fine, and what it sends here is thrown away, as in Nomad. */
async function holdOpen(messages: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const message of messages) void message;
  } catch {
    // The connection's own calls report what matters.
  }
}

async function* nothingUntil(signal: AbortSignal): AsyncGenerator<never> {
  await waitAborted(signal);
}

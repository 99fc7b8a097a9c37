import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** Why a connection ended, as far as this side can tell. */
export interface SessionEnd {
  /** The error the session reported, if any. */
  readonly error: Error | undefined;
  /** Calls that were open when it ended. */
  readonly openCalls: number;
}

/**
 * Whether the plugin must end itself after a connection ended.
 *
 * A host takes a failed WaitTask for the end of the task, as long as the plugin's process lives: one broken
 * session destroys every task on the node. If the process ends, the host starts a new one and recovers all tasks.
 * So a session with open calls that breaks on HTTP/2 level, while the other side is there, ends the process.
 *
 * All other endings are survived:
 * - The peer's socket closed or was reset: the host itself died, and its successor takes this process over.
 * - The peer said goodbye (GOAWAY, whatever its code): it leaves of its own accord.
 * - No call was open: a probe that connects and hangs up, garbage instead of HTTP/2, an idle client.
 */
export function isFatalSessionEnd(end: SessionEnd): boolean {
  return end.openCalls > 0 && end.error !== undefined && !isPeerLeaving(end.error);
}

function isPeerLeaving(error: Error): boolean {
  const isSocketError = "syscall" in error;
  const isGoaway = "code" in error && error.code === "ERR_HTTP2_SESSION_ERROR";
  return isSocketError || isGoaway;
}

/** Watches the sessions of a server. */
export interface SessionGuard {
  /** Settles when the first call arrives on any connection. */
  readonly connected: Promise<void>;
  /** Settles with the reason when a session ended in a way the process must not survive. */
  readonly broken: Promise<Error>;
  /** Takes no new calls and settles when those in progress have ended. */
  closeAll(): Promise<void>;
  /** Cuts what is left. */
  destroyAll(): void;
}

/** Starts watching; call it before the server listens. */
export function guardSessions(server: Http2Server): SessionGuard {
  const sessions = new Set<ServerHttp2Session>();
  const streams = new Set<ServerHttp2Stream>();
  const connected = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<Error>();

  server.on("session", (session) => {
    sessions.add(session);
    let error: Error | undefined;
    let openCalls = 0;
    // Without a listener an error of a session would end the process.
    session.on("error", (reason: Error) => {
      error ??= reason;
    });
    session.on("stream", (stream: ServerHttp2Stream) => {
      connected.resolve();
      streams.add(stream);
      stream.once("close", () => {
        streams.delete(stream);
        if (session.destroyed && !stream.writableFinished) openCalls += 1;
      });
    });
    session.once("close", () => {
      sessions.delete(session);
      if (error !== undefined && isFatalSessionEnd({ error, openCalls })) broken.resolve(error);
    });
  });

  return {
    connected: connected.promise,
    broken: broken.promise,
    async closeAll() {
      for (const session of sessions) session.close();
      await Promise.all([...streams].map((stream) => new Promise((resolve) => stream.once("close", resolve))));
      // The last frames leave at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
    destroyAll() {
      for (const session of sessions) session.destroy();
    },
  };
}

import { connectPlugin, createHclogLogger, parseHandshakeLine, parseLogLine } from "@driver/go-plugin";
import type { LogEntry, PluginConnection, PluginIo } from "@driver/go-plugin";
import { Writable } from "node:stream";
import { createDriverClient, nomadHandshake } from "../src/index.ts";
import { serveDriver, serveLateDriver, type LateDriver } from "../src/serve-driver.ts";
import type { TaskDriver } from "../src/index.ts";

/** A driver behind a real socket, served by this process. */
export interface ServedDriver extends AsyncDisposable {
  /** The other end of the socket. */
  readonly driver: TaskDriver;
  readonly connection: PluginConnection;
  readonly logs: readonly LogEntry[];
  readonly socketPath: string;
}

/** Serves `driver` as a plugin process would, with a process made for the test. */
export async function serveInProcess(driver: TaskDriver | LateDriver): Promise<ServedDriver> {
  const handshake = Promise.withResolvers<string>();
  const stop = Promise.withResolvers<() => void>();
  const logs: LogEntry[] = [];
  const logger = createHclogLogger((line) => logs.push(parseLogLine(line)));
  const io: PluginIo = {
    env: { [nomadHandshake.cookieKey]: nomadHandshake.cookieValue },
    pid: process.pid,
    temporaryFolder: "/tmp",
    stdout: textSink(handshake.resolve),
    stderr: textSink(() => {}),
    heap: { takenBytes: () => 0, trim() {}, letGrow() {} },
    onSignal(name, listener) {
      if (name === "SIGTERM") stop.resolve(listener);
      return () => {};
    },
    divertPrints: () => () => {},
    onUncaught: () => () => {},
  };
  const ended = "load" in driver ? serveLateDriver(driver, { logger, io }) : serveDriver(driver, { logger, io });
  const address = parseHandshakeLine(await handshake.promise, nomadHandshake);
  const connection = connectPlugin(address);
  return {
    driver: createDriverClient(connection.transport),
    connection,
    logs,
    socketPath: address.network === "unix" ? address.path : "",
    async [Symbol.asyncDispose]() {
      connection.close();
      (await stop.promise)();
      await ended;
    },
  };
}

function textSink(onText: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      onText(text);
      done();
    },
  });
}

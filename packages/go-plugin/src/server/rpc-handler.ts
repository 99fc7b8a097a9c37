import { createConnectRouter } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { constants } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Logger } from "../log/logger.ts";
import { statusErrors } from "./status-error.ts";

/** Hosts send up to 2 GiB; a task with a large environment or templates exceeds gRPC's usual 4 MiB. */
const maxMessageBytes = 256 * 1024 * 1024;
const grpcUnimplemented = "12";

/**
 * Answers gRPC requests of a `node:http2` server with the registered services. `signal` ends all calls at once.
 * Compression is off: on a unix socket it only costs time.
 */
export function createRpcHandler(options: {
  readonly register: (router: ConnectRouter) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): (request: Http2ServerRequest, response: Http2ServerResponse) => void {
  const router = createConnectRouter({
    grpc: true,
    grpcWeb: false,
    connect: false,
    acceptCompression: [],
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    interceptors: [statusErrors],
    shutdownSignal: options.signal,
  });
  options.register(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  const answer = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const handler = handlers.get(request.url);
    if (handler === undefined) return answerUnimplemented(request, response);
    const result = await handler(universalRequestFromNodeRequest(request, response, undefined, undefined));
    await universalResponseToNodeResponse(result, response);
  };

  return (request, response) => {
    // A stream that its client reset reports that here too; the handler's signal has said it already.
    response.on("error", () => {});
    request.on("error", () => {});
    answer(request, response).catch((error: unknown) => {
      // Writes that race a cancel fail late; the client is not listening any more.
      if (response.stream.destroyed) return;
      options.logger.warn("answer not delivered", { path: request.url, error: String(error) });
      response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  };
}

/** Status in headers that also end the stream: in any other shape Go's client reports an internal error. */
function answerUnimplemented(request: Http2ServerRequest, response: Http2ServerResponse): void {
  if (response.stream.destroyed || response.stream.headersSent) return;
  const message = encodeURIComponent(`unknown method ${request.url}`.toWellFormed());
  response.stream.respond(
    { ":status": 200, "content-type": "application/grpc", "grpc-status": grpcUnimplemented, "grpc-message": message },
    { endStream: true },
  );
}

import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { createMethodUrl } from "@connectrpc/connect/protocol";

/** A call as its method sees it. */
export interface RpcCall {
  readonly method: DescMethod;
  /** Aborts when the caller leaves, at the caller's deadline, when the plugin ends, and once the call is over. */
  readonly signal: AbortSignal;
}

/** What answers one method: a message to a message, or messages one after the other. A thrown error becomes the call's status. */
export type MethodImpl<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: RpcCall) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: RpcCall) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodBiDiStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: RpcCall) => AsyncIterable<MessageInitShape<O>>
        : never;

/** What answers a service, method by method. */
export type ServiceImpl<S extends DescService> = { readonly [K in keyof S["method"]]: MethodImpl<S["method"][K]> };

/** A method and what answers it; that the two fit together was checked where it was added. */
export interface RpcMethod {
  readonly method: DescMethod;
  readonly answer: (input: never, call: RpcCall) => unknown;
}

/** The services that a plugin offers. */
export class RpcServices {
  readonly #methods = new Map<string, RpcMethod>();
  #load: (() => Promise<void>) | undefined;
  #loaded: Promise<void> | undefined;

  add<S extends DescService>(service: S, implementation: ServiceImpl<S>): this {
    for (const method of service.methods) {
      const answer = implementation[method.localName as keyof S["method"]] as RpcMethod["answer"];
      this.#methods.set(createMethodUrl("/", method), { method, answer: answer.bind(implementation) });
    }
    return this;
  }

  /** `load` adds the rest of the services: run once, by the first look for a method that is not among those there are. */
  addLater(load: () => Promise<void>): this {
    this.#load = load;
    return this;
  }

  /** By the path of a request: `/package.Service/Method`. A promise while the rest is not loaded yet; it rejects as the load does. */
  find(path: string): RpcMethod | undefined | Promise<RpcMethod | undefined> {
    const method = this.#methods.get(path);
    if (method !== undefined || this.#load === undefined) return method;
    this.#loaded ??= this.#load().then(() => {
      this.#load = undefined;
    });
    return this.#loaded.then(() => this.#methods.get(path));
  }
}

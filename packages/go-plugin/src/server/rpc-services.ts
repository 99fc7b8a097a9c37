import type { MethodForm } from "../wire/service-form.ts";

/** A call as its method sees it. */
export interface RpcCall {
  readonly method: { readonly name: string };
  /** Aborts when the caller leaves, at the caller's deadline, when the plugin ends, and once the call is over. */
  readonly signal: AbortSignal;
}

/** A method and what answers it; that the two fit together is checked where they are put together. */
export interface RpcMethod extends MethodForm {
  /** Of its requests: `/package.Service/Method`. */
  readonly path: string;
  /** A message to a message, or messages one after the other. A thrown error becomes the call's status. */
  readonly answer: (input: never, call: RpcCall) => unknown;
}

/** The services that a plugin offers. */
export class RpcServices {
  readonly #methods = new Map<string, RpcMethod>();
  #load: (() => Promise<void>) | undefined;
  #loaded: Promise<void> | undefined;

  add(methods: Iterable<RpcMethod>): this {
    for (const method of methods) this.#methods.set(method.path, method);
    return this;
  }

  /** `load` adds the rest of the services: run once, by the first look for a method that is not among those there are. */
  addLater(load: () => Promise<void>): this {
    this.#load = load;
    return this;
  }

  /** By the path of a request. A promise while the rest is not loaded yet; it rejects as the load does. */
  find(path: string): RpcMethod | undefined | Promise<RpcMethod | undefined> {
    const method = this.#methods.get(path);
    if (method !== undefined || this.#load === undefined) return method;
    this.#loaded ??= this.#load().then(() => {
      this.#load = undefined;
    });
    return this.#loaded.then(() => this.#methods.get(path));
  }
}

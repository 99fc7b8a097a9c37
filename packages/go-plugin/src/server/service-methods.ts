import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { EncodedMessage } from "../wire/encoded-message.ts";
import type { ServiceForm } from "../wire/service-form.ts";
import type { RpcCall, RpcMethod } from "./rpc-services.ts";

/** What answers one method: a message to a message, or messages one after the other. A thrown error becomes the call's status. */
export type MethodImpl<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: RpcCall) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: RpcCall) => AsyncIterable<MessageInitShape<O> | EncodedMessage>
      : M extends DescMethodBiDiStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: RpcCall) => AsyncIterable<MessageInitShape<O>>
        : never;

/** What answers a service, method by method. The description is there for its types alone. */
export type ServiceImpl<S extends DescService> = { readonly [K in keyof S["method"]]: MethodImpl<S["method"][K]> };

/** The methods of a service that `implementation` answers; `form` and the description `S` are of one service. */
export function toMethods<S extends DescService>({ typeName, methods }: ServiceForm, implementation: Partial<ServiceImpl<S>>): RpcMethod[] {
  return Object.entries(implementation).map(([localName, answer]) => {
    const form = methods[localName];
    if (form === undefined) throw new TypeError(`${typeName} has no method ${localName}`);
    return { ...form, path: `/${typeName}/${form.name}`, answer: answer as RpcMethod["answer"] };
  });
}

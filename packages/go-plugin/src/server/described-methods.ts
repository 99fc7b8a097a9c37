import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import type { InputWire, RpcCall, RpcMethod } from "./rpc-services.ts";

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

/** The methods of a described service that `implementation` answers. */
export function toMethods<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): RpcMethod[] {
  return service.methods.flatMap((method) => {
    const answer = implementation[method.localName as keyof S["method"]] as RpcMethod["answer"] | undefined;
    if (answer === undefined) return [];
    const { name, methodKind: kind, input, output } = method;
    const wire = { ...toInputWire(input), encode: toEncoder(output) };
    return [{ path: createMethodUrl("/", method), name, kind, wire, answer: answer.bind(implementation) }];
  });
}

/** How described messages are read. */
export function toInputWire<D extends DescMessage>(input: D): InputWire<MessageShape<D>> {
  return { inputName: input.typeName, decode: (body) => fromBinary(input, body) };
}

function toEncoder(output: DescMessage): RpcMethod["wire"]["encode"] {
  return (message) => toBinary(output, create(output, message as MessageInitShape<DescMessage>));
}

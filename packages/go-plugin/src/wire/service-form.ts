import type { MessageForm } from "./message-form.ts";

export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

/** The methods of a service, by the names that their answers have in code. */
export interface ServiceForm {
  readonly typeName: string;
  readonly methods: Readonly<Record<string, MethodForm>>;
}

export interface MethodForm {
  readonly name: string;
  readonly kind: MethodKind;
  readonly input: MessageForm;
  readonly output: MessageForm;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers as RpcHeaders } from "./rpc-headers.ts";

type Call = (headers: Headers | RpcHeaders) => unknown;

/** Everything the RPC library does with headers; Node's own class is the judge. */
const calls: readonly (readonly [string, Call])[] = [
  [
    "set and get, whatever the case of the name",
    (headers) => (headers.set("Content-Type", "application/grpc"), headers.get("content-TYPE")),
  ],
  ["get of a name that is not there", (headers) => headers.get("missing")],
  ["has", (headers) => (headers.set("a", ""), [headers.has("A"), headers.has("b")])],
  ["append to nothing and to something", (headers) => (headers.append("x", "1"), headers.append("X", "2"), headers.get("x"))],
  [
    "set over what was appended",
    (headers) => (headers.append("x", "1"), headers.append("x", "2"), headers.set("x", "3"), headers.get("x")),
  ],
  ["delete, also of what is not there", (headers) => (headers.set("x", "1"), headers.delete("X"), headers.delete("y"), headers.has("x"))],
  ["iterate", (headers) => (headers.set("B", "2"), headers.set("a", "1"), [...headers].toSorted())],
  ["entries and keys", (headers) => (headers.set("B", "2"), [[...headers.entries()], [...headers.keys()]])],
  [
    "forEach",
    (headers) => {
      const seen: string[] = [];
      headers.set("B", "2");
      headers.forEach((value, name) => seen.push(`${name}=${value}`));
      return seen;
    },
  ],
];

for (const [what, call] of calls) {
  test(`headers do as Node's: ${what}`, () => {
    assert.deepEqual(call(new RpcHeaders()), call(new Headers()));
  });
}

test("headers are made from all that Node's are made from", () => {
  const inits = [undefined, {}, { "X-One": "1", two: "2" }, [["X-One", "1"], ["x-one", "2"]] as [string, string][]];
  for (const init of inits) assert.deepEqual([...new RpcHeaders(init)].toSorted(), [...new Headers(init)].toSorted());
  const source = { a: "1", b: "2" };
  assert.deepEqual([...new RpcHeaders(new RpcHeaders(source))], Object.entries(source));
  assert.deepEqual([...new RpcHeaders(new Headers(source))], Object.entries(source));
});

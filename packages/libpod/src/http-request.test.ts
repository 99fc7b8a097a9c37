import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toEndpoint, toTarget, type HttpRequest } from "./http-request.ts";

function request(path: readonly string[], query?: HttpRequest["query"]): HttpRequest {
  return { action: "test", method: "GET", path, query };
}

describe("toTarget", () => {
  test("escapes every part of the path and the query", () => {
    assert.equal(
      toTarget(request(["images", "localhost:5000/a b?c#d%", "json"], { filters: '{"label":["a=b&c"]}', all: true, gone: undefined })),
      "/v4.0.0/libpod/images/localhost%3A5000%2Fa%20b%3Fc%23d%25/json?filters=%7B%22label%22%3A%5B%22a%3Db%26c%22%5D%7D&all=true",
    );
  });

  test("repeats the key of a list", () => {
    assert.equal(toTarget(request(["x"], { condition: ["stopped", "exited"] })), "/v4.0.0/libpod/x?condition=stopped&condition=exited");
  });

  test("refuses a name that would reach another endpoint", () => {
    for (const name of ["", ".", ".."]) assert.throws(() => toTarget(request(["containers", name, "json"])), { code: "bad-request" });
  });
});

test("an endpoint is named without prefix and query", () => {
  assert.equal(toEndpoint(request(["containers", "json"], { all: true })), "GET /containers/json");
});
